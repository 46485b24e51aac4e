package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.DOUBLE;
import static labkit.ksql.type.SqlType.INTEGER;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** The overloads that round to whole numbers and keep the type: CEIL and FLOOR. */
final class Rounding {
    private Rounding() {}

    static Signature[] signatures(DoubleUnaryOperator round, RoundingMode mode) {
        return new Signature[] {
            Signature.of(INTEGER, List.of(INTEGER), in -> in[0]),
            Signature.of(BIGINT, List.of(BIGINT), in -> in[0]),
            Signature.of(DOUBLE, List.of(DOUBLE), in -> round.applyAsDouble((Double) in[0])),
            Signature.generic(types -> types.get(0), List.of(Parameter.DECIMAL), types -> in -> {
                BigDecimal value = (BigDecimal) in[0];
                return value.setScale(0, mode).setScale(value.scale());
            })
        };
    }
}
