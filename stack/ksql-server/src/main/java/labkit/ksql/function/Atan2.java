package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.List;

final class Atan2 extends Builtin {
    Atan2() {
        super("ATAN2", "Angle in radians of the point (x, y), given as y, x.",
                Signature.of(DOUBLE, List.of(DOUBLE, DOUBLE), in -> Math.atan2((Double) in[0], (Double) in[1])));
    }
}
