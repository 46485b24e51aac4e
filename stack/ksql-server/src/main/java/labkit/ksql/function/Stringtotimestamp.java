package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.STRING;

import java.util.List;

final class Stringtotimestamp extends Builtin {
    Stringtotimestamp() {
        super("STRINGTOTIMESTAMP", "Reads a time in a pattern, in UTC or a zone, as milliseconds since 1970.",
                optional(2, BIGINT, List.of(STRING, STRING, STRING),
                        in -> TimeFormat.of(in[1]).timestamp(in[0], TimeFormat.zone(in, 2)).toEpochMilli()));
    }
}
