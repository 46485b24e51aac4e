package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;
import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.util.List;

final class FormatTimestamp extends Builtin {
    FormatTimestamp() {
        super("FORMAT_TIMESTAMP", "A TIMESTAMP as text in a pattern, in UTC or a zone.",
                optional(2, STRING, List.of(TIMESTAMP, STRING, STRING),
                        in -> TimeFormat.of(in[1]).format(in[0], TimeFormat.zone(in, 2))));
    }
}
