package labkit.ksql.expression;

/** Computes a value from a row. It may throw; whoever asked notes that in the processing log. */
@FunctionalInterface
public interface Evaluator {
    Object of(Object[] row);
}
