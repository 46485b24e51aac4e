package labkit.ksql.function;

final class Lpad extends Builtin {
    Lpad() {
        super("LPAD", "Fills up at the left, or cuts, to a length.",
                Padding.signatures((text, filling) -> filling + text));
    }
}
