package labkit.ksql.function;

final class Cos extends Real {
    Cos() {
        super("COS", "Cosine of an angle in radians.", Math::cos);
    }
}
