package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Sum extends Builtin {
    Sum() {
        super("SUM", "Adds up the values that are not null; the sum has their type.", "SUM(number)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        return Summing.of(only(types, SqlType::isNumeric));
    }
}
