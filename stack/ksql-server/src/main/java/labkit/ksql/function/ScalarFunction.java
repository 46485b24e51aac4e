package labkit.ksql.function;

import java.util.List;
import labkit.ksql.type.SqlType;

/**
 * A function of one row. Each has a file of its own in this package and a line in {@link Functions}.
 *
 * <p>Arguments were converted to the parameters' types before {@link Body#call}. Unless a
 * signature {@link Signature#seesNulls sees nulls}, a null argument makes the result null and the body
 * is not called. A body that throws makes the result null and is written to the processing log.
 */
public interface ScalarFunction {
    /** The name in upper case. */
    String name();

    /** One sentence for SHOW FUNCTIONS and DESCRIBE FUNCTION. */
    String description();

    /** The overloads; the first that fits the arguments without a conversion wins, then with one. */
    List<Signature> signatures();

    /** Other names of the same function, for instance LCASE's LOWER. */
    default List<String> aliases() {
        return List.of();
    }

    /** What does the work; {@code arguments} has one entry for each argument that was written. */
    @FunctionalInterface
    interface Body {
        Object call(Object[] arguments);
    }

    /** Computes the result's type from those of the arguments (a null type: the literal NULL). */
    @FunctionalInterface
    interface Returns {
        SqlType of(List<SqlType> arguments);
    }
}
