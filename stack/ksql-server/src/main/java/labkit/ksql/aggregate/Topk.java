package labkit.ksql.aggregate;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import labkit.ksql.type.SqlType;

final class Topk extends Builtin {
    Topk() {
        super("TOPK", "The k highest values, or several columns of the k rows in which the first is highest.",
                "TOPK(column, k)", "TOPK(sortColumn, column..., k)");
    }

    @Override
    public int constants(int arguments) {
        return 1;
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        if (types.isEmpty() || types.stream().anyMatch(Objects::isNull) || !Order.has(types.get(0))) {
            throw refuse(types);
        }
        int k = positive(constants.get(0), "k");
        return new Highest(types.size() == 1 ? types.get(0) : row(types), k, false);
    }

    private static SqlType row(List<SqlType> types) {
        List<SqlType.Field> fields = new ArrayList<>();
        for (SqlType type : types) {
            fields.add(new SqlType.Field(fields.isEmpty() ? "sort_col" : "col" + (fields.size() - 1), type));
        }
        return new SqlType.StructOf(fields);
    }
}
