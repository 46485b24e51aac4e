package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DATE;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class ParseDate extends Builtin {
    ParseDate() {
        super("PARSE_DATE", "Reads a DATE in a pattern.",
                Signature.of(DATE, List.of(STRING, STRING), in -> TimeFormat.of(in[1]).date(in[0])));
    }
}
