package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.time.Instant;
import java.util.List;

final class FromUnixtime extends Builtin {
    FromUnixtime() {
        super("FROM_UNIXTIME", "The TIMESTAMP of milliseconds since 1970.",
                Signature.of(TIMESTAMP, List.of(BIGINT), in -> Instant.ofEpochMilli((Long) in[0])));
    }
}
