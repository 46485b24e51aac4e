package labkit.ksql.function;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Coalesce extends Builtin {
    Coalesce() {
        super("COALESCE", "The first of the arguments that is not null.",
                Signature.generic(Widening::common, List.of(Parameter.ANY, Parameter.ANY), types -> {
                    SqlType type = Widening.common(types);
                    return in -> {
                        for (Object value : in) {
                            if (value != null) {
                                return Widening.widen(value, type);
                            }
                        }
                        return null;
                    };
                }).asVariadic().withNulls());
    }
}
