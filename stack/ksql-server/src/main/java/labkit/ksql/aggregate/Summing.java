package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.INTEGER;

import java.math.BigDecimal;
import java.util.function.BinaryOperator;
import labkit.ksql.type.SqlType;

/**
 * Adds numbers up in a type; more than it can hold is an error.
 *
 * @param plus adds a number to a sum
 * @param minus takes a number off a sum
 */
record Summing(SqlType stateType, Object initial, BinaryOperator<Object> plus, BinaryOperator<Object> minus)
        implements Direct {

    static Summing of(SqlType type) {
        return switch (type) {
            case SqlType.Decimal decimal -> new Summing(type, BigDecimal.ZERO.setScale(decimal.scale()),
                    (sum, value) -> fit(((BigDecimal) sum).add((BigDecimal) value), decimal),
                    (sum, value) -> fit(((BigDecimal) sum).subtract((BigDecimal) value), decimal));
            case SqlType.Primitive p when p == INTEGER -> new Summing(type, 0,
                    (sum, value) -> Math.addExact((Integer) sum, (Integer) value),
                    (sum, value) -> Math.subtractExact((Integer) sum, (Integer) value));
            case SqlType.Primitive p when p == BIGINT -> new Summing(type, 0L,
                    (sum, value) -> Math.addExact((Long) sum, ((Number) value).longValue()),
                    (sum, value) -> Math.subtractExact((Long) sum, ((Number) value).longValue()));
            default -> new Summing(type, 0.0,
                    (sum, value) -> (Double) sum + (Double) value,
                    (sum, value) -> (Double) sum - (Double) value);
        };
    }

    private static BigDecimal fit(BigDecimal sum, SqlType.Decimal type) {
        if (sum.precision() > type.precision()) {
            throw new ArithmeticException("The sum " + sum.toPlainString() + " does not fit into " + type + ".");
        }
        return sum;
    }

    @Override
    public Object add(Object state, Object[] arguments) {
        return arguments[0] == null ? state : plus.apply(state, arguments[0]);
    }

    @Override
    public Object merge(Object earlier, Object later) {
        return plus.apply(earlier, later);
    }

    @Override
    public boolean canRemove() {
        return true;
    }

    @Override
    public Object remove(Object state, Object[] arguments) {
        return arguments[0] == null ? state : minus.apply(state, arguments[0]);
    }
}
