package labkit.ksql.aggregate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

/**
 * Keeps the k highest, highest first; of equal ones that which came first stands before.
 *
 * @param element a plain type, or a struct whose first field decides
 * @param distinct whether an equal one is left out
 */
record Highest(SqlType element, int k, boolean distinct) implements Direct {
    @Override
    public SqlType stateType() {
        return new SqlType.Array(element);
    }

    @Override
    public Object initial() {
        return List.of();
    }

    @Override
    public Object add(Object state, Object[] arguments) {
        List<?> list = (List<?>) state;
        int place = arguments[0] == null ? k : place(list, arguments[0]);
        if (place == k) {
            return state;
        }
        return insert(list, place, element instanceof SqlType.StructOf row
                ? new Struct(row, Arrays.asList(arguments.clone())) : arguments[0]);
    }

    @Override
    public Object merge(Object earlier, Object later) {
        List<?> list = (List<?>) earlier;
        for (Object entry : (List<?>) later) {
            int place = place(list, key(entry));
            list = place == k ? list : insert(list, place, entry);
        }
        return list;
    }

    /** Returns where a value is to stand, or k if nowhere. */
    private int place(List<?> list, Object key) {
        for (int place = list.size(); place > 0; place--) {
            int order = Order.compare(key, key(list.get(place - 1)));
            if (order <= 0) {
                return distinct && order == 0 ? k : place;
            }
        }
        return 0;
    }

    private List<Object> insert(List<?> list, int place, Object entry) {
        List<Object> longer = new ArrayList<>(Math.min(list.size() + 1, k));
        longer.addAll(list.subList(0, place));
        longer.add(entry);
        longer.addAll(list.subList(place, Math.min(list.size(), k - 1)));
        return longer;
    }

    private static Object key(Object entry) {
        return entry instanceof Struct row ? row.values().get(0) : entry;
    }
}
