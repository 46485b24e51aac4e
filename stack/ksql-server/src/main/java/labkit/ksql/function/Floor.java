package labkit.ksql.function;

import java.math.RoundingMode;

final class Floor extends Builtin {
    Floor() {
        super("FLOOR", "The greatest whole number that is not above the argument.",
                Rounding.signatures(Math::floor, RoundingMode.FLOOR));
    }
}
