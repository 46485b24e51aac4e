package labkit.ksql.function;

final class Sqrt extends Real {
    Sqrt() {
        super("SQRT", "Square root.", Math::sqrt);
    }
}
