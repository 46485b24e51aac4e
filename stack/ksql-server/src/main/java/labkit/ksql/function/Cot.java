package labkit.ksql.function;

final class Cot extends Real {
    Cot() {
        super("COT", "Cotangent of an angle in radians.", x -> 1 / Math.tan(x));
    }
}
