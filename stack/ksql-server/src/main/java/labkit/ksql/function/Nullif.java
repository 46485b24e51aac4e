package labkit.ksql.function;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Nullif extends Builtin {
    Nullif() {
        super("NULLIF", "Null if both arguments are equal, else the first.",
                Signature.generic(Widening::common, List.of(Parameter.ANY, Parameter.ANY), types -> {
                    SqlType type = Widening.common(types);
                    return in -> {
                        Object value = Widening.widen(in[0], type);
                        return value != null && value.equals(Widening.widen(in[1], type)) ? null : value;
                    };
                }).withNulls());
    }
}
