package labkit.ksql.function;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import labkit.ksql.type.SqlType;

/** Values that have an order: those of the types without parts. */
final class Ordered {
    /** An array of such values. */
    static final Parameter ARRAY = new Parameter("ARRAY of primitive type", null,
            type -> type instanceof SqlType.Array array && isOrdered(array.element()));

    private Ordered() {}

    static boolean isOrdered(SqlType type) {
        return type instanceof SqlType.Primitive || type instanceof SqlType.Decimal;
    }

    @SuppressWarnings("unchecked")
    static int compare(Object a, Object b) {
        return ((Comparable<Object>) a).compareTo(b);
    }

    /** The overload that picks the first element in an order, nulls aside. */
    static Signature first(Comparator<Object> order) {
        return Signature.generic(types -> types.get(0) instanceof SqlType.Array array ? array.element() : null,
                List.of(ARRAY),
                types -> in -> ((List<?>) in[0]).stream().filter(Objects::nonNull).map(Object.class::cast).min(order)
                        .orElse(null));
    }
}
