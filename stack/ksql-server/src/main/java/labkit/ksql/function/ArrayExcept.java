package labkit.ksql.function;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.Set;

final class ArrayExcept extends Builtin {
    ArrayExcept() {
        super("ARRAY_EXCEPT", "The distinct elements of an array that are not in another.",
                ArrayPair.signature((first, second) -> {
                    Set<Object> rest = new LinkedHashSet<>(first);
                    second.forEach(rest::remove);
                    return new ArrayList<>(rest);
                }));
    }
}
