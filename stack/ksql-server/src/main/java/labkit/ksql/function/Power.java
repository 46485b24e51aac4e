package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.List;

final class Power extends Builtin {
    Power() {
        super("POWER", "The first number to the power of the second.",
                Signature.of(DOUBLE, List.of(DOUBLE, DOUBLE), in -> Math.pow((Double) in[0], (Double) in[1])));
    }
}
