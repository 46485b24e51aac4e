package labkit.ksql.function;

final class ArrayMin extends Builtin {
    ArrayMin() {
        super("ARRAY_MIN", "The lowest element of an array, nulls aside.",
                Ordered.first(Ordered::compare));
    }
}
