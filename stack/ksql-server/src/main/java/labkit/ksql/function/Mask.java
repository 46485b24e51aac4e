package labkit.ksql.function;

final class Mask extends Builtin {
    Mask() {
        super("MASK",
                "Hides upper case, lower case, digits and others behind X, x, n and -; null as mask shows a kind.",
                Masking.all());
    }
}
