package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class CollectSet extends Builtin {
    CollectSet() {
        super("COLLECT_SET", "The distinct values of a column as an array.", "COLLECT_SET(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        return new Collecting(only(types, type -> true), true);
    }
}
