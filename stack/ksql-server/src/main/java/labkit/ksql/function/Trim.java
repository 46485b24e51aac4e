package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Trim extends Builtin {
    Trim() {
        super("TRIM", "Leaves out blanks at both ends.",
                Signature.of(STRING, List.of(STRING), in -> ((String) in[0]).trim()));
    }
}
