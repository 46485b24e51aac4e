package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BIGINT;
import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.time.Instant;
import java.util.List;

final class UnixTimestamp extends Builtin {
    UnixTimestamp() {
        super("UNIX_TIMESTAMP", "A TIMESTAMP as milliseconds since 1970; without argument, now.",
                Signature.of(BIGINT, List.of(), in -> System.currentTimeMillis()),
                Signature.of(BIGINT, List.of(TIMESTAMP), in -> ((Instant) in[0]).toEpochMilli()));
    }
}
