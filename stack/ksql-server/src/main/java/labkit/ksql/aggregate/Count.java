package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

/** COUNT: all rows, or those in which a column is not null. */
final class Count implements AggregateFunction {
    @Override
    public String name() {
        return "COUNT";
    }

    @Override
    public String description() {
        return "Counts rows: all of them with *, else those where the argument is not null.";
    }

    @Override
    public List<String> usages() {
        return List.of("COUNT(*)", "COUNT(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        if (types.size() > 1) {
            throw new KsqlException("COUNT takes * or one column, not " + types.size() + " arguments.");
        }
        return new Counting();
    }

    private record Counting() implements Accumulator {
        @Override
        public SqlType stateType() {
            return SqlType.BIGINT;
        }

        @Override
        public SqlType resultType() {
            return SqlType.BIGINT;
        }

        @Override
        public Object initial() {
            return 0L;
        }

        @Override
        public Object add(Object state, Object[] arguments) {
            return counts(arguments) ? (Long) state + 1 : state;
        }

        @Override
        public Object merge(Object earlier, Object later) {
            return (Long) earlier + (Long) later;
        }

        @Override
        public Object result(Object state) {
            return state;
        }

        @Override
        public boolean canRemove() {
            return true;
        }

        @Override
        public Object remove(Object state, Object[] arguments) {
            return counts(arguments) ? (Long) state - 1 : state;
        }

        private static boolean counts(Object[] arguments) {
            return arguments.length == 0 || arguments[0] != null;
        }
    }
}
