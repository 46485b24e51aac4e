package labkit.ksql.aggregate;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import labkit.ksql.type.SqlType;

/** Keeps all values in the order in which they came, or only the first of equal ones. */
record Collecting(SqlType element, boolean distinct) implements Direct {
    @Override
    public SqlType stateType() {
        return new SqlType.Array(element);
    }

    @Override
    public Object initial() {
        // Unlike List.of(), it may be asked for null.
        return Collections.emptyList();
    }

    @Override
    public Object add(Object state, Object[] arguments) {
        return distinct && ((List<?>) state).contains(arguments[0]) ? state
                : join(state, Collections.singletonList(arguments[0]));
    }

    @Override
    public Object merge(Object earlier, Object later) {
        List<?> joined = join(earlier, (List<?>) later);
        return distinct ? new ArrayList<>(new LinkedHashSet<>(joined)) : joined;
    }

    @Override
    public boolean canRemove() {
        return !distinct;
    }

    @Override
    public Object remove(Object state, Object[] arguments) {
        List<?> list = (List<?>) state;
        int last = list.lastIndexOf(arguments[0]);
        return last < 0 ? state : join(list.subList(0, last), list.subList(last + 1, list.size()));
    }

    private static List<Object> join(Object first, List<?> second) {
        List<Object> joined = new ArrayList<>(((List<?>) first).size() + second.size());
        joined.addAll((List<?>) first);
        joined.addAll(second);
        return joined;
    }
}
