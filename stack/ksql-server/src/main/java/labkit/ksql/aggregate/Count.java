package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Count extends Builtin {
    Count() {
        super("COUNT", "Counts rows: all of them with *, else those in which the argument is not null.",
                "COUNT(*)", "COUNT(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        if (types.size() > 1) {
            throw refuse(types);
        }
        return new Counting();
    }

    private record Counting() implements Direct {
        @Override
        public SqlType stateType() {
            return BIGINT;
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
