package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.DOUBLE;
import static labkit.ksql.type.SqlType.INTEGER;

import java.math.BigDecimal;
import java.util.List;

final class Abs extends Builtin {
    Abs() {
        super("ABS", "The number without its sign.",
                Signature.of(INTEGER, List.of(INTEGER), in -> Math.absExact((Integer) in[0])),
                Signature.of(BIGINT, List.of(BIGINT), in -> Math.absExact((Long) in[0])),
                Signature.of(DOUBLE, List.of(DOUBLE), in -> Math.abs((Double) in[0])),
                Signature.generic(types -> types.get(0), List.of(Parameter.DECIMAL),
                        types -> in -> ((BigDecimal) in[0]).abs()));
    }
}
