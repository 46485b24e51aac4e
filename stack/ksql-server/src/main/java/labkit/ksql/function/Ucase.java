package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;
import java.util.Locale;

final class Ucase extends Builtin {
    Ucase() {
        super("UCASE", "Writes a string in upper case.",
                Signature.of(STRING, List.of(STRING), in -> ((String) in[0]).toUpperCase(Locale.ROOT)));
    }
}
