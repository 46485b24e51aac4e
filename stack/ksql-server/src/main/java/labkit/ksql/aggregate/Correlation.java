package labkit.ksql.aggregate;

import java.util.List;
import labkit.ksql.type.SqlType;

final class Correlation extends Builtin {
    Correlation() {
        super("CORRELATION", "Pearson's correlation of two columns, -1 to 1; NaN if one of them does not vary.",
                "CORRELATION(number, number)");
    }

    @Override
    public Accumulator accumulator(List<SqlType> types, List<Object> constants) {
        if (types.size() != 2 || !types.stream().allMatch(type -> type != null && type.isNumeric())) {
            throw refuse(types);
        }
        return new Moments(m -> m[5] / Math.sqrt(m[3] * m[4]));
    }
}
