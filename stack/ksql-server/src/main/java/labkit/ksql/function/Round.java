package labkit.ksql.function;

import java.math.RoundingMode;

final class Round extends Builtin {
    Round() {
        super("ROUND", "Rounds to a number of decimal places (none, if not given); halves go up: 2.5 to 3, -2.5 to -2.",
                Digits.signatures(1, (value, scale) ->
                        value.setScale(scale, value.signum() < 0 ? RoundingMode.HALF_DOWN : RoundingMode.HALF_UP)));
    }
}
