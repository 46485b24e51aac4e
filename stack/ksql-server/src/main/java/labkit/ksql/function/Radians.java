package labkit.ksql.function;

final class Radians extends Real {
    Radians() {
        super("RADIANS", "Turns degrees into radians.", Math::toRadians);
    }
}
