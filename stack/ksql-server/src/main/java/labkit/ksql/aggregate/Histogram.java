package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.STRING;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;

final class Histogram extends Builtin {
    Histogram() {
        super("HISTOGRAM", "A map of each string to how often it comes; of at most 1000 different strings.",
                "HISTOGRAM(string)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        only(types, type -> type == STRING);
        return new Tallying();
    }

    private record Tallying() implements Direct {
        private static final int LIMIT = 1000;

        @Override
        public SqlType stateType() {
            return new SqlType.MapOf(STRING, BIGINT);
        }

        @Override
        public Object initial() {
            return Map.of();
        }

        @Override
        public Object add(Object state, Object[] arguments) {
            return merge(state, arguments[0] == null ? Map.of() : Map.of(arguments[0], 1L));
        }

        @Override
        public Object merge(Object earlier, Object later) {
            Map<Object, Long> tally = copy(earlier);
            ((Map<?, ?>) later).forEach((value, count) -> {
                if (tally.containsKey(value) || tally.size() < LIMIT) {
                    tally.merge(value, (Long) count, Long::sum);
                }
            });
            return tally;
        }

        @Override
        public boolean canRemove() {
            return true;
        }

        @Override
        public Object remove(Object state, Object[] arguments) {
            Map<Object, Long> tally = copy(state);
            tally.computeIfPresent(arguments[0], (value, count) -> count > 1 ? count - 1 : null);
            return tally;
        }

        private static Map<Object, Long> copy(Object state) {
            Map<Object, Long> copy = new LinkedHashMap<>();
            ((Map<?, ?>) state).forEach((value, count) -> copy.put(value, (Long) count));
            return copy;
        }
    }
}
