package labkit.ksql.function;

final class Least extends Builtin {
    Least() {
        super("LEAST", "The lowest of the arguments that are not null.",
                Extremes.signature(Ordered::compare));
    }
}
