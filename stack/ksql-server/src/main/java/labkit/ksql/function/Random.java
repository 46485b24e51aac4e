package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

final class Random extends Builtin {
    Random() {
        super("RANDOM", "A random DOUBLE from 0.0 up to, but not including, 1.0.",
                Signature.of(DOUBLE, List.of(), in -> ThreadLocalRandom.current().nextDouble()));
    }
}
