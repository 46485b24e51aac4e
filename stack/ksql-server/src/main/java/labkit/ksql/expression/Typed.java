package labkit.ksql.expression;

import labkit.ksql.type.SqlType;

/** An expression that can be computed; the type of the literal NULL is null. */
public record Typed(SqlType type, Evaluator evaluator) {
    public Object of(Object[] row) {
        return evaluator.of(row);
    }
}
