package labkit.ksql.function;

final class Rpad extends Builtin {
    Rpad() {
        super("RPAD", "Fills up at the right, or cuts, to a length.",
                Padding.signatures((text, filling) -> text + filling));
    }
}
