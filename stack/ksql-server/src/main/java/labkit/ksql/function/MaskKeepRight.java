package labkit.ksql.function;

final class MaskKeepRight extends Builtin {
    MaskKeepRight() {
        super("MASK_KEEP_RIGHT", "Like MASK, but shows the last characters.",
                Masking.some((index, length, number) -> index < length - number));
    }
}
