package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;

import java.util.ArrayList;
import java.util.List;

final class Slice extends Builtin {
    Slice() {
        super("SLICE",
                "The elements of an array between two positions, both included; 1 is the first, null means the end.",
                Signature.generic(types -> types.get(0),
                        List.of(Parameter.ARRAY, Parameter.of(INTEGER), Parameter.of(INTEGER)),
                        types -> in -> in[0] == null ? null : slice((List<?>) in[0], (Integer) in[1], (Integer) in[2]))
                        .withNulls());
    }

    private static List<?> slice(List<?> list, Integer from, Integer to) {
        int start = from == null ? 0 : from - 1;
        int end = to == null ? list.size() : to;
        return start < 0 || end > list.size() || start > end ? null : new ArrayList<>(list.subList(start, end));
    }
}
