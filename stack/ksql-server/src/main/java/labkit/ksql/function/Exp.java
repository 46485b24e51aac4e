package labkit.ksql.function;

final class Exp extends Real {
    Exp() {
        super("EXP", "Euler's number to the power of the argument.", Math::exp);
    }
}
