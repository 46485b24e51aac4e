package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Min extends Builtin {
    Min() {
        super("MIN", "The lowest value, nulls aside.", "MIN(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        return new Extreme(only(types, Order::has), -1);
    }
}
