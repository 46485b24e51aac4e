package labkit.ksql.aggregate;

import labkit.ksql.type.SqlType;

/**
 * How one call of an aggregate function accumulates. States are values of {@link #stateType} (they are
 * serialized into state stores and changelogs), and are never changed in place: each method returns a
 * new state, or the old one.
 */
public interface Accumulator {
    /** The type of the state. */
    SqlType stateType();

    /** The type of the result. */
    SqlType resultType();

    /** The state of no rows. */
    Object initial();

    /** Adds a row. Nulls among the arguments are the function's own business: most skip them. */
    Object add(Object state, Object[] arguments);

    /** Joins two states, when a late row makes two sessions one. {@code earlier} was first. */
    Object merge(Object earlier, Object later);

    /** The result for a state. */
    Object result(Object state);

    /** True if {@link #remove} works, which grouping a table needs. */
    default boolean canRemove() {
        return false;
    }

    /** Takes a row back, when a table's row changes. */
    default Object remove(Object state, Object[] arguments) {
        throw new UnsupportedOperationException();
    }
}
