package labkit.ksql.function;

import static labkit.ksql.type.SqlType.TIME;

import java.time.LocalTime;

final class Timesub extends Builtin {
    Timesub() {
        super("TIMESUB", "Takes an interval off a TIME: unit, number, time.",
                Interval.moves(TIME, -1, (time, interval) -> ((LocalTime) time).plus(interval)));
    }
}
