package labkit.ksql.function;

final class MaskRight extends Builtin {
    MaskRight() {
        super("MASK_RIGHT", "Like MASK, but hides the last characters only.",
                Masking.some((index, length, number) -> index >= length - number));
    }
}
