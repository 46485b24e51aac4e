package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.Arrays;
import java.util.List;

final class Field extends Builtin {
    Field() {
        super("FIELD", "The position of a string (1 is the first) among those behind it, or 0 if it is not there.",
                Signature.of(INTEGER, List.of(STRING, STRING),
                        in -> in[0] == null ? 0 : Arrays.asList(in).subList(1, in.length).indexOf(in[0]) + 1)
                        .asVariadic().withNulls());
    }
}
