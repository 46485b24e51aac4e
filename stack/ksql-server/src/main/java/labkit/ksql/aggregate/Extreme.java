package labkit.ksql.aggregate;

import labkit.ksql.type.SqlType;

/**
 * Keeps one value: the highest or the lowest.
 *
 * @param sign 1 for the highest, -1 for the lowest
 */
record Extreme(SqlType stateType, int sign) implements Direct {
    @Override
    public Object initial() {
        return null;
    }

    @Override
    public Object add(Object state, Object[] arguments) {
        return merge(state, arguments[0]);
    }

    @Override
    public Object merge(Object earlier, Object later) {
        return earlier == null || later != null && sign * Order.compare(later, earlier) > 0 ? later : earlier;
    }
}
