package labkit.ksql.function;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

final class ArrayDistinct extends Builtin {
    ArrayDistinct() {
        super("ARRAY_DISTINCT", "The elements of an array without repetitions.",
                Signature.generic(types -> types.get(0), List.of(Parameter.ARRAY),
                        types -> in -> new ArrayList<>(new LinkedHashSet<>((List<?>) in[0]))));
    }
}
