package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import labkit.ksql.KsqlException;

final class ArraySort extends Builtin {
    ArraySort() {
        super("ARRAY_SORT", "An array in ascending or, with 'DESC', descending order; nulls come last.",
                Signature.generic(types -> types.get(0), List.of(Ordered.ARRAY), types -> in -> sort(in[0], "ASC")),
                Signature.generic(types -> types.get(0), List.of(Ordered.ARRAY, Parameter.of(STRING)),
                        types -> in -> sort(in[0], (String) in[1])));
    }

    private static List<Object> sort(Object list, String direction) {
        Comparator<Object> order = switch (direction.trim().toUpperCase(Locale.ROOT)) {
            case "ASC", "ASCENDING" -> Ordered::compare;
            case "DESC", "DESCENDING" -> (a, b) -> Ordered.compare(b, a);
            default -> throw new KsqlException("ARRAY_SORT: '" + direction + "' is neither ASC nor DESC.");
        };
        List<Object> sorted = new ArrayList<>(ArrayPair.list(list));
        sorted.sort(Comparator.nullsLast(order));
        return sorted;
    }
}
