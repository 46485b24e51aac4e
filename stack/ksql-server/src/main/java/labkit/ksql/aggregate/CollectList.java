package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class CollectList extends Builtin {
    CollectList() {
        super("COLLECT_LIST", "All values of a column, nulls too, as an array.", "COLLECT_LIST(column)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        return new Collecting(only(types, type -> true), false);
    }
}
