package labkit.ksql.function;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

final class ArrayUnion extends Builtin {
    ArrayUnion() {
        super("ARRAY_UNION", "The distinct elements of two arrays, in the order in which they come.",
                ArrayPair.signature((first, second) -> {
                    Set<Object> all = new LinkedHashSet<>(first);
                    all.addAll(second);
                    return new ArrayList<>(all);
                }));
    }
}
