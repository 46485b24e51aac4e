package labkit.ksql.function;

import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.time.Instant;

final class Timestampsub extends Builtin {
    Timestampsub() {
        super("TIMESTAMPSUB", "Takes an interval off a TIMESTAMP: unit, number, timestamp.",
                Interval.moves(TIMESTAMP, -1, (time, interval) -> ((Instant) time).plus(interval)));
    }
}
