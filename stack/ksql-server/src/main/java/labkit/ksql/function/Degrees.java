package labkit.ksql.function;

final class Degrees extends Real {
    Degrees() {
        super("DEGREES", "Turns radians into degrees.", Math::toDegrees);
    }
}
