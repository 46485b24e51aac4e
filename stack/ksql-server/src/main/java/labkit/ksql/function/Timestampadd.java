package labkit.ksql.function;

import static labkit.ksql.type.SqlType.TIMESTAMP;

import java.time.Instant;

final class Timestampadd extends Builtin {
    Timestampadd() {
        super("TIMESTAMPADD", "Adds an interval to a TIMESTAMP: unit, number, timestamp.",
                Interval.moves(TIMESTAMP, 1, (time, interval) -> ((Instant) time).plus(interval)));
    }
}
