package labkit.ksql.function;

final class Tan extends Real {
    Tan() {
        super("TAN", "Tangent of an angle in radians.", Math::tan);
    }
}
