package labkit.ksql.function;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

final class ArrayIntersect extends Builtin {
    ArrayIntersect() {
        super("ARRAY_INTERSECT", "The distinct elements of an array that are in another, too.",
                ArrayPair.signature((first, second) -> {
                    Set<Object> both = new LinkedHashSet<>(first);
                    both.retainAll(new HashSet<>(second));
                    return new ArrayList<>(both);
                }));
    }
}
