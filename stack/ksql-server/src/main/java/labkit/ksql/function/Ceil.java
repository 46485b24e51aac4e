package labkit.ksql.function;

import java.math.RoundingMode;

final class Ceil extends Builtin {
    Ceil() {
        super("CEIL", "The least whole number that is not below the argument.",
                Rounding.signatures(Math::ceil, RoundingMode.CEILING));
    }
}
