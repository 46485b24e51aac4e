package labkit.ksql.function;

final class MaskKeepLeft extends Builtin {
    MaskKeepLeft() {
        super("MASK_KEEP_LEFT", "Like MASK, but shows the first characters.",
                Masking.some((index, length, number) -> index >= number));
    }
}
