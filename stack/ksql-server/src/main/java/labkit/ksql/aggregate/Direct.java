package labkit.ksql.aggregate;

import labkit.ksql.type.SqlType;

/** An accumulator whose state is its result. */
interface Direct extends Accumulator {
    @Override
    default SqlType resultType() {
        return stateType();
    }

    @Override
    default Object result(Object state) {
        return state;
    }
}
