package labkit.ksql.function;

final class Atan extends Real {
    Atan() {
        super("ATAN", "Angle in radians of a tangent.", Math::atan);
    }
}
