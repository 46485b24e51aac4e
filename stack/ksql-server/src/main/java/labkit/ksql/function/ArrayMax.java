package labkit.ksql.function;

final class ArrayMax extends Builtin {
    ArrayMax() {
        super("ARRAY_MAX", "The highest element of an array, nulls aside.",
                Ordered.first((a, b) -> Ordered.compare(b, a)));
    }
}
