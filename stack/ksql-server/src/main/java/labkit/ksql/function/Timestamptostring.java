package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.STRING;

import java.time.Instant;
import java.util.List;

final class Timestamptostring extends Builtin {
    Timestamptostring() {
        super("TIMESTAMPTOSTRING", "Milliseconds since 1970 as text in a pattern, in UTC or a zone.",
                optional(2, STRING, List.of(BIGINT, STRING, STRING), in ->
                        TimeFormat.of(in[1]).format(Instant.ofEpochMilli((Long) in[0]), TimeFormat.zone(in, 2))));
    }
}
