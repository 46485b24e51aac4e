package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import labkit.ksql.KsqlException;
import labkit.ksql.type.SqlType;

/** A number of time units, as in TIMESTAMPADD(MINUTES, 5, ...). */
final class Interval {
    private Interval() {}

    /** Returns the overload of a function that moves a time by an interval, forward (1) or back (-1). */
    static Signature moves(SqlType type, int direction, BiFunction<Object, Duration, Object> move) {
        return Signature.of(type, List.of(STRING, INTEGER, type), in ->
                move.apply(in[2], unit((String) in[0]).getDuration().multipliedBy(direction * (long) (Integer) in[1])));
    }

    private static ChronoUnit unit(String name) {
        return switch (name.toUpperCase(Locale.ROOT)) {
            case "DAY", "DAYS" -> ChronoUnit.DAYS;
            case "HOUR", "HOURS" -> ChronoUnit.HOURS;
            case "MINUTE", "MINUTES" -> ChronoUnit.MINUTES;
            case "SECOND", "SECONDS" -> ChronoUnit.SECONDS;
            case "MILLISECOND", "MILLISECONDS" -> ChronoUnit.MILLIS;
            default -> throw new KsqlException("'" + name + "' is not a time unit; there are DAYS, HOURS, MINUTES,"
                    + " SECONDS and MILLISECONDS.");
        };
    }
}
