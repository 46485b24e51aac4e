package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

final class Attr extends Builtin {
    Attr() {
        super("ATTR", "The value that all rows have, or null if they differ.", "ATTR(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        SqlType type = only(types, any -> true);
        return new Agreeing(new SqlType.StructOf(
                List.of(new SqlType.Field("VAL", type), new SqlType.Field("COUNT", BIGINT))));
    }

    /** Keeps each different value with how often it came, so that rows can be taken back. */
    private record Agreeing(SqlType.StructOf entryType) implements Accumulator {
        @Override
        public SqlType stateType() {
            return new SqlType.Array(entryType);
        }

        @Override
        public SqlType resultType() {
            return entryType.fields().get(0).type();
        }

        @Override
        public Object initial() {
            return List.of();
        }

        @Override
        public Object add(Object state, Object[] arguments) {
            return count(state, arguments[0], 1);
        }

        @Override
        public Object merge(Object earlier, Object later) {
            Object merged = earlier;
            for (Object entry : (List<?>) later) {
                merged = count(merged, ((Struct) entry).values().get(0), (Long) ((Struct) entry).values().get(1));
            }
            return merged;
        }

        @Override
        public boolean canRemove() {
            return true;
        }

        @Override
        public Object remove(Object state, Object[] arguments) {
            return count(state, arguments[0], -1);
        }

        @Override
        public Object result(Object state) {
            List<?> entries = (List<?>) state;
            return entries.size() == 1 ? ((Struct) entries.get(0)).values().get(0) : null;
        }

        private Object count(Object state, Object value, long change) {
            Map<Object, Long> counts = new LinkedHashMap<>();
            ((List<?>) state).forEach(entry ->
                    counts.put(((Struct) entry).values().get(0), (Long) ((Struct) entry).values().get(1)));
            counts.merge(value, change, (before, by) -> before + by > 0 ? before + by : null);
            List<Object> entries = new ArrayList<>();
            counts.forEach((each, count) -> entries.add(new Struct(entryType, Arrays.asList(each, count))));
            return entries;
        }
    }
}
