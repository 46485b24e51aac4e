package labkit.ksql.function;

import java.util.List;
import labkit.ksql.type.Conversion;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.SqlType.Decimal;

/** Which numeric types become wider ones by themselves: INTEGER, BIGINT, DECIMAL, DOUBLE, in that order. */
public final class Widening {
    private Widening() {}

    /** True if values of a type may be passed where another is wanted. */
    public static boolean possible(SqlType from, SqlType to) {
        return from != null && to != null && from.isNumeric() && to.isNumeric() && rank(from) < rank(to);
    }

    /** Returns the narrowest type that all (nulls aside) can become, or null if there is none. */
    public static SqlType common(List<SqlType> types) {
        SqlType common = null;
        for (SqlType type : types) {
            if (common == null || type == null || common.equals(type)) {
                common = common == null ? type : common;
            } else if (!common.isNumeric() || !type.isNumeric()) {
                return null;
            } else {
                common = common(common, type);
            }
        }
        return common;
    }

    /** Converts a number to a wider type. */
    public static Object widen(Object value, SqlType to) {
        if (!(value instanceof Number number)) {
            return value;
        }
        if (to instanceof Decimal decimal) {
            return Conversion.decimal(number, decimal);
        }
        return to == SqlType.DOUBLE ? (Object) number.doubleValue()
                : to == SqlType.BIGINT ? (Object) number.longValue() : value;
    }

    static int rank(SqlType type) {
        return type == SqlType.INTEGER ? 0 : type == SqlType.BIGINT ? 1 : type == SqlType.DOUBLE ? 3 : 2;
    }

    private static SqlType common(SqlType a, SqlType b) {
        if (rank(a) != 2 && rank(b) != 2 || a == SqlType.DOUBLE || b == SqlType.DOUBLE) {
            return rank(a) > rank(b) ? a : b;
        }
        Decimal x = decimal(a);
        Decimal y = decimal(b);
        int scale = Math.max(x.scale(), y.scale());
        int whole = Math.max(x.precision() - x.scale(), y.precision() - y.scale());
        return new Decimal(whole + scale, scale);
    }

    /** The DECIMAL that holds all numbers of an exact type. */
    public static Decimal decimal(SqlType type) {
        return type instanceof Decimal decimal ? decimal : new Decimal(type == SqlType.INTEGER ? 10 : 19, 0);
    }
}
