package labkit.ksql.function;

final class Asin extends Real {
    Asin() {
        super("ASIN", "Angle in radians of a sine; NaN outside of [-1, 1].", Math::asin);
    }
}
