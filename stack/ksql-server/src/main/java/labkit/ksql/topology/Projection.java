package labkit.ksql.topology;

import java.util.List;
import labkit.ksql.expression.Typed;

/** Computes several expressions of a row; one that fails is null, and the processing log tells why. */
final class Projection {
    private final String step;
    private final Typed[] expressions;
    private final ProcessingLog log;

    Projection(String step, List<Typed> expressions, ProcessingLog log) {
        this.step = step;
        this.expressions = expressions.toArray(Typed[]::new);
        this.log = log;
    }

    Object[] of(Object[] row) {
        Object[] result = new Object[expressions.length];
        for (int i = 0; i < result.length; i++) {
            result[i] = compute(expressions[i], row);
        }
        return result;
    }

    private Object compute(Typed expression, Object[] row) {
        try {
            return expression.of(row);
        } catch (RuntimeException error) {
            log.failed(step, row, error);
            return null;
        }
    }

    /** True if a condition holds; one that fails does not. */
    static boolean holds(Typed condition, String step, Object[] row, ProcessingLog log) {
        try {
            return Boolean.TRUE.equals(condition.of(row));
        } catch (RuntimeException error) {
            log.failed(step, row, error);
            return false;
        }
    }
}
