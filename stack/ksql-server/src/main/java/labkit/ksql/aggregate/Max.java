package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Max extends Builtin {
    Max() {
        super("MAX", "The highest value, nulls aside.", "MAX(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        return new Extreme(only(types, Order::has), 1);
    }
}
