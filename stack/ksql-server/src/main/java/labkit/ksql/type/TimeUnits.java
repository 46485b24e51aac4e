package labkit.ksql.type;

import java.time.temporal.ChronoUnit;
import java.util.Locale;
import labkit.ksql.KsqlException;

/** The words for units of time: in windows, in WITH, in TIMESTAMPADD and the like. */
public final class TimeUnits {
    private TimeUnits() {}

    /** Returns the unit of a word in any case, one or several. */
    public static ChronoUnit named(String word) {
        return switch (word.toUpperCase(Locale.ROOT)) {
            case "DAY", "DAYS" -> ChronoUnit.DAYS;
            case "HOUR", "HOURS" -> ChronoUnit.HOURS;
            case "MINUTE", "MINUTES" -> ChronoUnit.MINUTES;
            case "SECOND", "SECONDS" -> ChronoUnit.SECONDS;
            case "MILLISECOND", "MILLISECONDS" -> ChronoUnit.MILLIS;
            default -> throw new KsqlException("'" + word + "' is not a time unit; there are DAYS, HOURS, MINUTES,"
                    + " SECONDS and MILLISECONDS.");
        };
    }
}
