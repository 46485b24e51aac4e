package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;
import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.util.List;

final class ParseTimestamp extends Builtin {
    ParseTimestamp() {
        super("PARSE_TIMESTAMP", "Reads a TIMESTAMP in a pattern, in UTC or a zone.",
                optional(2, TIMESTAMP, List.of(STRING, STRING, STRING),
                        in -> TimeFormat.of(in[1]).timestamp(in[0], TimeFormat.zone(in, 2))));
    }
}
