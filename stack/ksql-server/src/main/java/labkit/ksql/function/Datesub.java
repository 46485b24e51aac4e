package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DATE;

import java.time.LocalDate;

final class Datesub extends Builtin {
    Datesub() {
        super("DATESUB", "Takes an interval off a DATE: unit, number, date.",
                Interval.moves(DATE, -1, (time, interval) -> ((LocalDate) time).plusDays(interval.toDays())));
    }
}
