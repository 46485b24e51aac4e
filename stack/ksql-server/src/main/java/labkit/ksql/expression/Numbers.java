package labkit.ksql.expression;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.function.BinaryOperator;
import labkit.ksql.KsqlException;
import labkit.ksql.function.Widening;
import labkit.ksql.type.SqlType;

/** Arithmetic: the type of a result, and how it is computed. */
final class Numbers {
    private Numbers() {}

    /** The type of {@code left operator right}, following ksqlDB's reference for DECIMAL. */
    static SqlType type(char operator, SqlType left, SqlType right) {
        if (left == SqlType.DOUBLE || right == SqlType.DOUBLE) {
            return SqlType.DOUBLE;
        }
        if (!(left instanceof SqlType.Decimal) && !(right instanceof SqlType.Decimal)) {
            return left == SqlType.BIGINT || right == SqlType.BIGINT ? SqlType.BIGINT : SqlType.INTEGER;
        }
        SqlType.Decimal a = Widening.decimal(left);
        SqlType.Decimal b = Widening.decimal(right);
        int scale = Math.max(a.scale(), b.scale());
        int whole = Math.max(a.precision() - a.scale(), b.precision() - b.scale());
        return switch (operator) {
            case '*' -> new SqlType.Decimal(a.precision() + b.precision() + 1, a.scale() + b.scale());
            case '/' -> {
                int fraction = Math.max(6, a.scale() + b.precision() + 1);
                yield new SqlType.Decimal(a.precision() - a.scale() + b.scale() + fraction, fraction);
            }
            case '%' -> new SqlType.Decimal(
                    Math.min(a.precision() - a.scale(), b.precision() - b.scale()) + scale, scale);
            default -> new SqlType.Decimal(whole + scale + 1, scale);
        };
    }

    static BinaryOperator<Object> operation(char operator, SqlType result) {
        return switch (result) {
            case SqlType.Primitive p when p == SqlType.INTEGER -> integers(operator);
            case SqlType.Primitive p when p == SqlType.BIGINT -> longs(operator);
            case SqlType.Primitive p when p == SqlType.DOUBLE -> doubles(operator);
            case SqlType.Decimal decimal -> decimals(operator, decimal.scale());
            default -> throw new KsqlException("No arithmetic with " + result);
        };
    }

    private static BinaryOperator<Object> integers(char operator) {
        return switch (operator) {
            case '+' -> (a, b) -> (Integer) a + (Integer) b;
            case '-' -> (a, b) -> (Integer) a - (Integer) b;
            case '*' -> (a, b) -> (Integer) a * (Integer) b;
            case '/' -> (a, b) -> (Integer) a / (Integer) b;
            default -> (a, b) -> (Integer) a % (Integer) b;
        };
    }

    private static BinaryOperator<Object> longs(char operator) {
        return switch (operator) {
            case '+' -> (a, b) -> number(a).longValue() + number(b).longValue();
            case '-' -> (a, b) -> number(a).longValue() - number(b).longValue();
            case '*' -> (a, b) -> number(a).longValue() * number(b).longValue();
            case '/' -> (a, b) -> number(a).longValue() / number(b).longValue();
            default -> (a, b) -> number(a).longValue() % number(b).longValue();
        };
    }

    private static BinaryOperator<Object> doubles(char operator) {
        return switch (operator) {
            case '+' -> (a, b) -> number(a).doubleValue() + number(b).doubleValue();
            case '-' -> (a, b) -> number(a).doubleValue() - number(b).doubleValue();
            case '*' -> (a, b) -> number(a).doubleValue() * number(b).doubleValue();
            case '/' -> (a, b) -> number(a).doubleValue() / number(b).doubleValue();
            default -> (a, b) -> number(a).doubleValue() % number(b).doubleValue();
        };
    }

    private static BinaryOperator<Object> decimals(char operator, int scale) {
        return switch (operator) {
            case '+' -> (a, b) -> big(a).add(big(b)).setScale(scale, RoundingMode.HALF_UP);
            case '-' -> (a, b) -> big(a).subtract(big(b)).setScale(scale, RoundingMode.HALF_UP);
            case '*' -> (a, b) -> big(a).multiply(big(b)).setScale(scale, RoundingMode.HALF_UP);
            case '/' -> (a, b) -> big(a).divide(big(b), scale, RoundingMode.HALF_UP);
            default -> (a, b) -> big(a).remainder(big(b)).setScale(scale, RoundingMode.HALF_UP);
        };
    }

    private static Number number(Object value) {
        return (Number) value;
    }

    static BigDecimal big(Object value) {
        return value instanceof BigDecimal big ? big
                : value instanceof Double d ? BigDecimal.valueOf(d) : BigDecimal.valueOf(((Number) value).longValue());
    }

    /** How numbers of two types are compared. */
    static java.util.Comparator<Object> comparator(SqlType left, SqlType right) {
        if (left == SqlType.DOUBLE || right == SqlType.DOUBLE) {
            return (a, b) -> Double.compare(number(a).doubleValue(), number(b).doubleValue());
        }
        if (left instanceof SqlType.Decimal || right instanceof SqlType.Decimal) {
            return (a, b) -> big(a).compareTo(big(b));
        }
        return (a, b) -> Long.compare(number(a).longValue(), number(b).longValue());
    }
}
