package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Topkdistinct extends Builtin {
    Topkdistinct() {
        super("TOPKDISTINCT", "The k highest values, each once.", "TOPKDISTINCT(column, k)");
    }

    @Override
    public int constants(int arguments) {
        return 1;
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        return new Highest(only(types, Order::has), positive(constants.get(0), "k"), true);
    }
}
