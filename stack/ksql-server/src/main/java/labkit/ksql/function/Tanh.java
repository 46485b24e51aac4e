package labkit.ksql.function;

final class Tanh extends Real {
    Tanh() {
        super("TANH", "Hyperbolic tangent.", Math::tanh);
    }
}
