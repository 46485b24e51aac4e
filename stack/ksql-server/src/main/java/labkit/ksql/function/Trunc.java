package labkit.ksql.function;

import java.math.RoundingMode;

final class Trunc extends Builtin {
    Trunc() {
        super("TRUNC", "Cuts off what is behind a number of decimal places (none, if not given).",
                Digits.signatures(0, (value, scale) -> value.setScale(scale, RoundingMode.DOWN)));
    }
}
