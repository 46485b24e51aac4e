package labkit.ksql.function;

final class Ln extends Real {
    Ln() {
        super("LN", "Natural logarithm.", Math::log);
    }
}
