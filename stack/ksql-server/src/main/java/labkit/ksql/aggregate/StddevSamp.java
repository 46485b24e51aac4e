package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class StddevSamp extends Builtin {
    StddevSamp() {
        super("STDDEV_SAMP", "The sample standard deviation of the values that are not null.", "STDDEV_SAMP(number)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        only(types, SqlType::isNumeric);
        return new Moments(m -> m[0] < 2 ? 0 : Math.sqrt(Math.max(0, m[3]) / (m[0] - 1)));
    }
}
