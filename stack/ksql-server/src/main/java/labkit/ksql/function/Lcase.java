package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.Locale;

final class Lcase extends Builtin {
    Lcase() {
        super("LCASE", "Writes a string in lower case.",
                Signature.of(STRING, List.of(STRING), in -> ((String) in[0]).toLowerCase(Locale.ROOT)));
    }
}
