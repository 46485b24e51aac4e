package labkit.ksql.function;

import java.util.function.Predicate;
import labkit.ksql.type.SqlType;

/**
 * What a function accepts at one place.
 *
 * @param title how it is shown, for instance "ARRAY" or "any type"
 * @param type the one type that arguments are converted to, or null if {@code accepts} decides alone
 */
public record Parameter(String title, SqlType type, Predicate<SqlType> accepts) {
    public static final Parameter ANY = new Parameter("any type", null, type -> true);
    public static final Parameter NUMBER = new Parameter("number", null, SqlType::isNumeric);
    public static final Parameter ARRAY = new Parameter("ARRAY", null, SqlType.Array.class::isInstance);
    public static final Parameter MAP = new Parameter("MAP", null, SqlType.MapOf.class::isInstance);
    public static final Parameter STRUCT = new Parameter("STRUCT", null, SqlType.StructOf.class::isInstance);
    public static final Parameter DECIMAL = new Parameter("DECIMAL", null, SqlType.Decimal.class::isInstance);

    public static Parameter of(SqlType type) {
        return new Parameter(type.toString(), type, type::equals);
    }
}
