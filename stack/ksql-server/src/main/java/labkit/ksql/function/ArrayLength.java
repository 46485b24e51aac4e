package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;

import java.util.List;

final class ArrayLength extends Builtin {
    ArrayLength() {
        super("ARRAY_LENGTH", "How many elements an array has.",
                Signature.generic(types -> INTEGER, List.of(Parameter.ARRAY), types -> in -> ((List<?>) in[0]).size()));
    }
}
