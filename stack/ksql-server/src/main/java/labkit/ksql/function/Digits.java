package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.DOUBLE;
import static labkit.ksql.type.SqlType.INTEGER;

import java.math.BigDecimal;
import java.util.List;
import labkit.ksql.type.SqlType;

/** The overloads of ROUND and TRUNC, which differ in nothing but what they do with the digits to be left out. */
final class Digits {
    /** Brings a number to a scale, which may be below zero. */
    @FunctionalInterface
    interface Cut {
        BigDecimal to(BigDecimal value, int scale);
    }

    private Digits() {}

    /** @param carry how many digits in front of the point the result may have more than the argument */
    static Signature[] signatures(int carry, Cut cut) {
        return new Signature[] {
            Signature.of(INTEGER, List.of(INTEGER), in -> in[0]),
            Signature.of(BIGINT, List.of(BIGINT), in -> in[0]),
            Signature.of(BIGINT, List.of(DOUBLE), in -> whole((Double) in[0], cut)),
            Signature.generic(types -> types.get(0) instanceof SqlType.Decimal type
                            ? new SqlType.Decimal(Math.max(1, type.precision() - type.scale() + carry), 0) : null,
                    List.of(Parameter.DECIMAL),
                    types -> in -> cut.to((BigDecimal) in[0], 0)),
            Signature.of(DOUBLE, List.of(DOUBLE, INTEGER), in -> scaled((Double) in[0], (Integer) in[1], cut)),
            Signature.generic(types -> types.get(0), List.of(Parameter.DECIMAL, Parameter.of(INTEGER)), types -> in -> {
                BigDecimal value = (BigDecimal) in[0];
                return (Integer) in[1] >= value.scale() ? value
                        : cut.to(value, (Integer) in[1]).setScale(value.scale());
            })
        };
    }

    private static Object whole(double value, Cut cut) {
        return cut.to(BigDecimal.valueOf(value), 0).longValueExact();
    }

    private static Object scaled(double value, int scale, Cut cut) {
        return Double.isFinite(value) ? cut.to(BigDecimal.valueOf(value), scale).doubleValue() : value;
    }
}
