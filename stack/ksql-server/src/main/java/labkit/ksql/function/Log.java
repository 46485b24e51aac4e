package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.List;

final class Log extends Builtin {
    Log() {
        super("LOG", "Logarithm of a value: LOG(value) is the natural one, LOG(base, value) that to a base.",
                Signature.of(DOUBLE, List.of(DOUBLE), in -> Math.log((Double) in[0])),
                Signature.of(DOUBLE, List.of(DOUBLE, DOUBLE), 
                        in -> Math.log((Double) in[1]) / Math.log((Double) in[0])));
    }
}
