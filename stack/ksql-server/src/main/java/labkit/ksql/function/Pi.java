package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.List;

final class Pi extends Builtin {
    Pi() {
        super("PI", "The ratio of a circle's circumference to its diameter.",
                Signature.of(DOUBLE, List.of(), in -> Math.PI));
    }
}
