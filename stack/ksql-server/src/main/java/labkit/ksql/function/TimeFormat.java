package labkit.ksql.function;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.ChronoUnit;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;

/** A pattern for times as text, in the letters of {@link DateTimeFormatter}; what a text leaves out is the least. */
final class TimeFormat {
    private static final Compiled<TimeFormat> FORMATS = new Compiled<>(TimeFormat::new);

    private final DateTimeFormatter formatter;

    private TimeFormat(String pattern) {
        formatter = new DateTimeFormatterBuilder().parseCaseInsensitive().appendPattern(pattern)
                .toFormatter(Locale.ENGLISH);
    }

    static TimeFormat of(Object pattern) {
        return FORMATS.of((String) pattern);
    }

    /** Returns the zone that an argument names, or UTC if it was left out. */
    static ZoneId zone(Object[] in, int place) {
        return in.length > place ? zone(in[place]) : ZoneOffset.UTC;
    }

    static ZoneId zone(Object name) {
        return ZoneId.of((String) name, ZoneId.SHORT_IDS);
    }

    String format(Object time) {
        return formatter.format((TemporalAccessor) time);
    }

    String format(Object time, ZoneId zone) {
        return formatter.format(((Instant) time).atZone(zone));
    }

    LocalDate date(Object text) {
        return date(formatter.parse((String) text));
    }

    LocalTime time(Object text) {
        return time(formatter.parse((String) text));
    }

    /** Reads a point in time; the zone counts if the text has none. */
    Instant timestamp(Object text, ZoneId zone) {
        TemporalAccessor parsed = formatter.parse((String) text);
        ZoneId written = parsed.query(TemporalQueries.zone());
        return date(parsed).atTime(time(parsed)).atZone(written == null ? zone : written).toInstant();
    }

    private static LocalDate date(TemporalAccessor parsed) {
        LocalDate date = parsed.query(TemporalQueries.localDate());
        return date != null ? date : LocalDate.of(get(parsed, ChronoField.YEAR, 1970),
                get(parsed, ChronoField.MONTH_OF_YEAR, 1), get(parsed, ChronoField.DAY_OF_MONTH, 1));
    }

    private static LocalTime time(TemporalAccessor parsed) {
        LocalTime time = parsed.query(TemporalQueries.localTime());
        LocalTime exact = time != null ? time : LocalTime.of(get(parsed, ChronoField.HOUR_OF_DAY, 0),
                get(parsed, ChronoField.MINUTE_OF_HOUR, 0), get(parsed, ChronoField.SECOND_OF_MINUTE, 0));
        return exact.truncatedTo(ChronoUnit.MILLIS);
    }

    private static int get(TemporalAccessor parsed, ChronoField field, int otherwise) {
        return parsed.isSupported(field) ? parsed.get(field) : otherwise;
    }
}
