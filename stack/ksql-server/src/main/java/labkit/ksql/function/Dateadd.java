package labkit.ksql.function;

import static labkit.ksql.type.SqlType.DATE;

import java.time.LocalDate;

final class Dateadd extends Builtin {
    Dateadd() {
        super("DATEADD", "Adds an interval to a DATE: unit, number, date.",
                Interval.moves(DATE, 1, (time, interval) -> ((LocalDate) time).plusDays(interval.toDays())));
    }
}
