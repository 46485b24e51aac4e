package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DOUBLE;

import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** A function of one DOUBLE. */
abstract class Real extends Builtin {
    Real(String name, String description, DoubleUnaryOperator function) {
        super(name, description,
                Signature.of(DOUBLE, List.of(DOUBLE), in -> function.applyAsDouble((Double) in[0])));
    }
}
