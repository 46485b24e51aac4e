package labkit.ksql.function;

final class Cbrt extends Real {
    Cbrt() {
        super("CBRT", "Cube root.", Math::cbrt);
    }
}
