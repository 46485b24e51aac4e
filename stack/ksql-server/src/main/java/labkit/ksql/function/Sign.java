package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;

import java.math.BigDecimal;
import java.util.List;

final class Sign extends Builtin {
    Sign() {
        super("SIGN", "-1, 0 or 1 for a negative number, zero, or a positive one.",
                Signature.generic(types -> INTEGER, List.of(Parameter.NUMBER), types -> in ->
                        in[0] instanceof BigDecimal exact ? exact.signum()
                                : (int) Math.signum(((Number) in[0]).doubleValue())));
    }
}
