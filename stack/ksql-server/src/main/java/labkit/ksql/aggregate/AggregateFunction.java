package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

/** A function of many rows. Each has a file of its own in this package and a line in {@link Aggregates}. */
public interface AggregateFunction {
    /** The name in upper case. */
    String name();

    /** One sentence for SHOW FUNCTIONS and DESCRIBE FUNCTION. */
    String description();

    /** How calls look, for instance "TOPK(column, k)"; shown by DESCRIBE FUNCTION and in errors. */
    List<String> usages();

    /**
     * Returns the accumulator for one call in a statement.
     *
     * @param types the types of the arguments that are columns or expressions, in order
     * @param constants the values of the literal arguments at the end (for instance the k of TOPK)
     * @throws labkit.ksql.KsqlException if it does not take these; the message says what it takes
     */
    Accumulator accumulator(List<SqlType> types, List<Object> constants);

    /** How many arguments at the end of a call are constants, given how many there are in all. */
    default int constants(int arguments) {
        return 0;
    }
}
