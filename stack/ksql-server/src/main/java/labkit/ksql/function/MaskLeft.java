package labkit.ksql.function;

final class MaskLeft extends Builtin {
    MaskLeft() {
        super("MASK_LEFT", "Like MASK, but hides the first characters only.",
                Masking.some((index, length, number) -> index < number));
    }
}
