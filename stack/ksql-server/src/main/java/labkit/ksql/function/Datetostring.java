package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.time.LocalDate;
import java.util.List;

final class Datetostring extends Builtin {
    Datetostring() {
        super("DATETOSTRING", "Days since 1970 as text in a pattern.",
                Signature.of(STRING, List.of(INTEGER, STRING),
                        in -> TimeFormat.of(in[1]).format(LocalDate.ofEpochDay((Integer) in[0]))));
    }
}
