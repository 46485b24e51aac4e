package labkit.ksql.function;

final class Greatest extends Builtin {
    Greatest() {
        super("GREATEST", "The highest of the arguments that are not null.",
                Extremes.signature((a, b) -> Ordered.compare(b, a)));
    }
}
