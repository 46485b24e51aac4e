package labkit.ksql.function;

final class Cosh extends Real {
    Cosh() {
        super("COSH", "Hyperbolic cosine.", Math::cosh);
    }
}
