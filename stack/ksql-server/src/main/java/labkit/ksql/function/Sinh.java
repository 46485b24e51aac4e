package labkit.ksql.function;

final class Sinh extends Real {
    Sinh() {
        super("SINH", "Hyperbolic sine.", Math::sinh);
    }
}
