package labkit.ksql.topology;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;

/** Reads times in a pattern of the user's. */
final class Times {
    private Times() {}

    /** Milliseconds since 1970; what the pattern leaves out counts as the least. */
    static long parse(DateTimeFormatter format, String text) {
        TemporalAccessor parsed = format.parse(text);
        if (parsed.isSupported(ChronoField.INSTANT_SECONDS)) {
            return Instant.from(parsed).toEpochMilli();
        }
        LocalDate date = parsed.query(TemporalQueries.localDate());
        if (date == null) {
            int year = parsed.isSupported(ChronoField.YEAR) ? parsed.get(ChronoField.YEAR) : parsed.get(ChronoField.YEAR_OF_ERA);
            int month = parsed.isSupported(ChronoField.MONTH_OF_YEAR) ? parsed.get(ChronoField.MONTH_OF_YEAR) : 1;
            date = LocalDate.of(year, month, 1);
        }
        java.time.LocalTime time = parsed.query(TemporalQueries.localTime());
        LocalDateTime at = date.atTime(time == null ? java.time.LocalTime.MIDNIGHT : time);
        java.time.ZoneId zone = parsed.query(TemporalQueries.zone());
        return at.atZone(zone == null ? ZoneOffset.UTC : zone).toInstant().toEpochMilli();
    }
}
