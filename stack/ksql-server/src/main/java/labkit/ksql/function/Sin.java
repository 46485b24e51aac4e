package labkit.ksql.function;

final class Sin extends Real {
    Sin() {
        super("SIN", "Sine of an angle in radians.", Math::sin);
    }
}
