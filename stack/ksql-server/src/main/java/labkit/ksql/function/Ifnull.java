package labkit.ksql.function;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Ifnull extends Builtin {
    Ifnull() {
        super("IFNULL", "The first argument, or the second if the first is null.",
                Signature.generic(Widening::common, List.of(Parameter.ANY, Parameter.ANY), types -> {
                    SqlType type = Widening.common(types);
                    return in -> Widening.widen(in[0] != null ? in[0] : in[1], type);
                }).withNulls());
    }
}
