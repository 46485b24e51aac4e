package labkit.ksql.engine;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Expression;
import labkit.ksql.ast.Expression.Comparator;
import labkit.ksql.ast.Expression.Reference;
import labkit.ksql.ast.Query;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.catalog.Source;
import labkit.ksql.expression.Compiler;
import labkit.ksql.plan.Plan;
import labkit.ksql.plan.Planner;
import labkit.ksql.serde.Key;
import labkit.ksql.type.SqlType;

/**
 * What a pull query has to look up. The whole WHERE is computed for each row all the same: keys and windows only say
 * where to look.
 *
 * @param keys the only keys that can match, or null if all rows have to be looked at
 * @param starts the only window starts that can match
 */
record PullPlan(Plan plan, List<Key> keys, Range starts) {

    /** Milliseconds since 1970 from {@code least} to {@code most}, both included. */
    record Range(long least, long most) {
        static final Range ALL = new Range(0, Long.MAX_VALUE);

        Range and(Range other) {
            return new Range(Math.max(least, other.least), Math.min(most, other.most));
        }

        Range or(Range other) {
            return isEmpty() ? other : other.isEmpty() ? this
                    : new Range(Math.min(least, other.least), Math.max(most, other.most));
        }

        boolean isEmpty() {
            return least > most;
        }

        private Range back(long millis) {
            return new Range(Math.max(0, least - millis), most == Long.MAX_VALUE ? most : most - millis);
        }
    }

    /**
     * Plans a SELECT without EMIT.
     *
     * @throws KsqlException if it has a clause that pull queries do not have, or is wrong otherwise
     */
    static PullPlan of(Catalog catalog, Query query) {
        refuse(!query.from().joins().isEmpty(), "JOIN");
        refuse(query.window() != null, "WINDOW");
        refuse(!query.groupBy().isEmpty(), "GROUP BY");
        refuse(!query.partitionBy().isEmpty(), "PARTITION BY");
        refuse(query.having() != null, "HAVING");
        Plan plan = Planner.push(catalog, query);
        Source source = plan.inputs().getFirst().source();
        if (query.where() == null) {
            return new PullPlan(plan, null, Range.ALL);
        }
        Range starts = source.window() == null ? Range.ALL : range(query.where(), Schema.WINDOWSTART);
        if (source.window() != null && !source.window().isSession()) {
            starts = starts.and(range(query.where(), Schema.WINDOWEND).back(source.window().size().toMillis()));
        }
        return new PullPlan(plan, keys(source.schema().key(), query.where()), starts);
    }

    private static void refuse(boolean present, String clause) {
        if (present) {
            throw new KsqlException("Pull queries don't support " + clause
                    + " clauses. Add EMIT CHANGES to make it a push query,"
                    + " or build a table with CREATE TABLE ... AS SELECT and pull from that.");
        }
    }

    Source source() {
        return plan.inputs().getFirst().source();
    }

    // -- Keys --------------------------------------------------------------------------------------

    private static List<Key> keys(List<Column> columns, Expression where) {
        List<List<Object>> found = List.of(List.of());
        for (Column column : columns) {
            Set<Object> values = values(where, column);
            if (values == null) {
                return null;
            }
            List<List<Object>> longer = new ArrayList<>();
            for (List<Object> start : found) {
                for (Object value : values) {
                    List<Object> next = new ArrayList<>(start);
                    next.add(value);
                    longer.add(next);
                }
            }
            found = longer;
        }
        return found.stream().map(Key::new).toList();
    }

    /** The only values that a column can have where the condition holds; null if it does not say. */
    private static Set<Object> values(Expression condition, Column column) {
        return switch (condition) {
            case Expression.Logical both -> {
                Set<Object> left = values(both.left(), column);
                Set<Object> right = values(both.right(), column);
                if (left == null || right == null) {
                    yield !both.and() ? null : left == null ? right : left;
                }
                Set<Object> merged = new LinkedHashSet<>(left);
                if (both.and()) {
                    merged.retainAll(right);
                } else {
                    merged.addAll(right);
                }
                yield merged;
            }
            case Expression.Comparison c when c.comparator() == Comparator.EQUAL ->
                is(c.left(), column.name()) ? constants(List.of(c.right()), column.type())
                        : is(c.right(), column.name()) ? constants(List.of(c.left()), column.type()) : null;
            case Expression.In in when is(in.operand(), column.name()) -> constants(in.values(), column.type());
            default -> null;
        };
    }

    private static Set<Object> constants(List<Expression> expressions, SqlType type) {
        Set<Object> values = new LinkedHashSet<>();
        for (Expression expression : expressions) {
            Object value = constant(expression, type);
            if (value == null) {
                return null;
            }
            values.add(value);
        }
        return values;
    }

    /** Returns null if it is not constant, or is not such a value. */
    private static Object constant(Expression expression, SqlType type) {
        if (expression.walk().anyMatch(Reference.class::isInstance)) {
            return null;
        }
        try {
            return Compiler.constant(expression, type);
        } catch (RuntimeException error) {
            return null;
        }
    }

    private static boolean is(Expression expression, String column) {
        return expression instanceof Reference reference && reference.name().equals(column);
    }

    // -- Windows -----------------------------------------------------------------------------------

    /** The only values that a bound of the window can have where the condition holds. */
    private static Range range(Expression condition, String bound) {
        return switch (condition) {
            case Expression.Logical both -> both.and() ? range(both.left(), bound).and(range(both.right(), bound))
                    : range(both.left(), bound).or(range(both.right(), bound));
            case Expression.Comparison c when is(c.left(), bound) -> range(c.comparator(), millis(c.right()));
            case Expression.Comparison c when is(c.right(), bound) -> range(mirrored(c.comparator()), millis(c.left()));
            default -> Range.ALL;
        };
    }

    private static Range range(Comparator comparator, Long millis) {
        if (millis == null) {
            return Range.ALL;
        }
        return switch (comparator) {
            case EQUAL -> new Range(millis, millis);
            case LESS -> new Range(0, millis - 1);
            case LESS_OR_EQUAL -> new Range(0, millis);
            case GREATER -> new Range(millis + 1, Long.MAX_VALUE);
            case GREATER_OR_EQUAL -> new Range(millis, Long.MAX_VALUE);
            case UNEQUAL, DISTINCT -> Range.ALL;
        };
    }

    private static Comparator mirrored(Comparator comparator) {
        return switch (comparator) {
            case LESS -> Comparator.GREATER;
            case LESS_OR_EQUAL -> Comparator.GREATER_OR_EQUAL;
            case GREATER -> Comparator.LESS;
            case GREATER_OR_EQUAL -> Comparator.LESS_OR_EQUAL;
            default -> comparator;
        };
    }

    /** A time as a number, or as text. */
    private static Long millis(Expression expression) {
        Object number = constant(expression, SqlType.BIGINT);
        if (number == null && constant(expression, SqlType.TIMESTAMP) instanceof java.time.Instant time) {
            number = time.toEpochMilli();
        }
        return (Long) number;
    }
}
