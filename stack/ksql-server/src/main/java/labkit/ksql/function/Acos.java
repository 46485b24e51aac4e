package labkit.ksql.function;

final class Acos extends Real {
    Acos() {
        super("ACOS", "Angle in radians of a cosine; NaN outside of [-1, 1].", Math::acos);
    }
}
