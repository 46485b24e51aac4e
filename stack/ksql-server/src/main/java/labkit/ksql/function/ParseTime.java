package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;
import static labkit.ksql.type.SqlType.TIME;

import java.util.List;

final class ParseTime extends Builtin {
    ParseTime() {
        super("PARSE_TIME", "Reads a TIME in a pattern.",
                Signature.of(TIME, List.of(STRING, STRING), in -> TimeFormat.of(in[1]).time(in[0])));
    }
}
