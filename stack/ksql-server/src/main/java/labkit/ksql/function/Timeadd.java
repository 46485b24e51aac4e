package labkit.ksql.function;

import static labkit.ksql.type.SqlType.TIME;

import java.time.LocalTime;

final class Timeadd extends Builtin {
    Timeadd() {
        super("TIMEADD", "Adds an interval to a TIME: unit, number, time.",
                Interval.moves(TIME, 1, (time, interval) -> ((LocalTime) time).plus(interval)));
    }
}
