package labkit.ksql.aggregate;

import static labkit.ksql.type.SqlType.BIGINT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

/**
 * Keeps the n values that arrived first, or last. Each has a number that tells when it arrived, since of two
 * sessions that become one the earlier may have gone on to grow after the later began.
 */
record Arrivals(SqlType.StructOf entry, boolean latest, int n, boolean many, boolean ignoreNulls)
        implements Accumulator {
    private static final AtomicLong LAST = new AtomicLong();
    private static final int NUMBERS_PER_MILLISECOND = 1 << 20;

    /** Returns a number above all others, those before a restart included: it is made of the clock. */
    private static long number() {
        return LAST.updateAndGet(last -> Math.max(last + 1, System.currentTimeMillis() * NUMBERS_PER_MILLISECOND));
    }

    /** Returns the type of an entry: when it arrived, and what. */
    static SqlType.StructOf entry(SqlType value) {
        return new SqlType.StructOf(List.of(new SqlType.Field("SEQ", BIGINT), new SqlType.Field("VAL", value)));
    }

    @Override
    public SqlType stateType() {
        return new SqlType.Array(entry);
    }

    @Override
    public SqlType resultType() {
        SqlType value = entry.fields().get(1).type();
        return many ? new SqlType.Array(value) : value;
    }

    @Override
    public Object initial() {
        return List.of();
    }

    @Override
    public Object add(Object state, Object[] arguments) {
        List<?> list = (List<?>) state;
        if (ignoreNulls && arguments[0] == null || !latest && list.size() == n) {
            return state;
        }
        List<Object> longer = new ArrayList<>(list.subList(list.size() == n ? 1 : 0, list.size()));
        longer.add(new Struct(entry, Arrays.asList(number(), arguments[0])));
        return longer;
    }

    @Override
    public Object merge(Object earlier, Object later) {
        List<Object> all = new ArrayList<>((List<?>) earlier);
        all.addAll((List<?>) later);
        all.sort(Comparator.comparing(arrival -> (Long) ((Struct) arrival).values().get(0)));
        int surplus = Math.max(0, all.size() - n);
        return new ArrayList<>(latest ? all.subList(surplus, all.size()) : all.subList(0, all.size() - surplus));
    }

    @Override
    public Object result(Object state) {
        List<Object> values = new ArrayList<>();
        ((List<?>) state).forEach(arrival -> values.add(((Struct) arrival).values().get(1)));
        return many ? values : values.isEmpty() ? null : values.get(0);
    }
}
