package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Len extends Builtin {
    Len() {
        super("LEN", "How many characters a string has, or how many bytes a BYTES value.",
                Bytes.too(Signature.of(INTEGER, List.of(STRING), in -> ((String) in[0]).length())));
    }
}
