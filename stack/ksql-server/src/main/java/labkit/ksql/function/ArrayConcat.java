package labkit.ksql.function;

import java.util.ArrayList;
import java.util.List;

final class ArrayConcat extends Builtin {
    ArrayConcat() {
        super("ARRAY_CONCAT", "One array with the elements of two; a null array counts as empty, unless both are null.",
                ArrayPair.signature((first, second) -> {
                    if (first == null || second == null) {
                        return first == null ? second : first;
                    }
                    List<Object> all = new ArrayList<>(first);
                    all.addAll(second);
                    return all;
                }).withNulls());
    }
}
