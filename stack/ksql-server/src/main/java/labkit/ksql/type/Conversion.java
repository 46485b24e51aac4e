package labkit.ksql.type;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import labkit.ksql.KsqlException;

/** Turns values of one type into values of another: CAST, and what the language does by itself. */
public final class Conversion {
    private static final DateTimeFormatter TIME_TEXT = DateTimeFormatter.ofPattern("HH:mm:ss");
    private static final DateTimeFormatter TIMESTAMP_TEXT =
            DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSS").withZone(ZoneOffset.UTC);
    /** ISO 8601 in UTC, of which everything behind the year may be left out. */
    private static final DateTimeFormatter TIMESTAMP_PARSER = new DateTimeFormatterBuilder()
            .appendPattern("yyyy[-MM[-dd['T'[HH[:mm[:ss]]]]]]")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true)
            .appendPattern("[XXX][XX][X]")
            .parseDefaulting(ChronoField.MONTH_OF_YEAR, 1).parseDefaulting(ChronoField.DAY_OF_MONTH, 1)
            .parseDefaulting(ChronoField.HOUR_OF_DAY, 0).parseDefaulting(ChronoField.MINUTE_OF_HOUR, 0)
            .parseDefaulting(ChronoField.SECOND_OF_MINUTE, 0)
            .toFormatter();

    private Conversion() {}

    /**
     * Returns what converts non-null values, as CAST does.
     *
     * @throws KsqlException if values of these types cannot be converted
     */
    public static UnaryOperator<Object> cast(SqlType from, SqlType to) {
        UnaryOperator<Object> conversion = find(from, to);
        if (conversion == null) {
            throw new KsqlException("Cast of " + from + " to " + to + " is not supported");
        }
        return value -> value == null ? null : conversion.apply(value);
    }

    private static UnaryOperator<Object> find(SqlType from, SqlType to) {
        if (from == null || from.equals(to)) {
            return UnaryOperator.identity();
        }
        if (to == SqlType.STRING) {
            return Conversion::text;
        }
        return switch (to) {
            case SqlType.Primitive p when p == SqlType.INTEGER || p == SqlType.BIGINT || p == SqlType.DOUBLE ->
                from.isNumeric() ? value -> number((Number) value, p)
                        : from == SqlType.STRING ? value -> parseNumber((String) value, p) : null;
            case SqlType.Decimal decimal ->
                from.isNumeric() ? value -> decimal((Number) value, decimal)
                        : from == SqlType.STRING ? value -> decimal(new BigDecimal(((String) value).trim()), decimal) : null;
            case SqlType.Primitive p when p == SqlType.BOOLEAN ->
                from == SqlType.STRING ? value -> parseBoolean((String) value) : null;
            case SqlType.Primitive p when p == SqlType.TIMESTAMP ->
                from == SqlType.STRING ? value -> parseTimestamp((String) value)
                        : from == SqlType.DATE ? value -> ((LocalDate) value).atStartOfDay().toInstant(ZoneOffset.UTC) : null;
            case SqlType.Primitive p when p == SqlType.DATE ->
                from == SqlType.STRING ? value -> LocalDate.ofInstant(parseTimestamp((String) value), ZoneOffset.UTC)
                        : from == SqlType.TIMESTAMP ? value -> LocalDate.ofInstant((Instant) value, ZoneOffset.UTC) : null;
            case SqlType.Primitive p when p == SqlType.TIME ->
                from == SqlType.STRING ? value -> LocalTime.parse((String) value)
                        : from == SqlType.TIMESTAMP ? value -> LocalTime.ofInstant((Instant) value, ZoneOffset.UTC) : null;
            case SqlType.Array array -> from instanceof SqlType.Array source ? elements(source, array) : null;
            case SqlType.MapOf map -> from instanceof SqlType.MapOf source ? entries(source, map) : null;
            case SqlType.StructOf struct -> from instanceof SqlType.StructOf source ? fields(source, struct) : null;
            default -> null;
        };
    }

    private static UnaryOperator<Object> elements(SqlType.Array from, SqlType.Array to) {
        UnaryOperator<Object> each = cast(from.element(), to.element());
        return value -> ((List<?>) value).stream().map(each).collect(Collectors.toCollection(ArrayList::new));
    }

    private static UnaryOperator<Object> entries(SqlType.MapOf from, SqlType.MapOf to) {
        UnaryOperator<Object> key = cast(from.key(), to.key());
        UnaryOperator<Object> each = cast(from.value(), to.value());
        return value -> {
            Map<Object, Object> converted = new LinkedHashMap<>();
            ((Map<?, ?>) value).forEach((k, v) -> converted.put(key.apply(k), each.apply(v)));
            return converted;
        };
    }

    private static UnaryOperator<Object> fields(SqlType.StructOf from, SqlType.StructOf to) {
        List<UnaryOperator<Object>> conversions = new ArrayList<>();
        for (SqlType.Field field : to.fields()) {
            int index = from.indexOf(field.name());
            if (index < 0) {
                conversions.add(value -> null);
            } else {
                UnaryOperator<Object> each = cast(from.fields().get(index).type(), field.type());
                conversions.add(value -> each.apply(((Struct) value).values().get(index)));
            }
        }
        return value -> {
            List<Object> values = new ArrayList<>();
            conversions.forEach(conversion -> values.add(conversion.apply(value)));
            return new Struct(to, values);
        };
    }

    /** A number as another type; fractions are cut off. */
    private static Object number(Number number, SqlType.Primitive to) {
        return switch (to) {
            case INTEGER -> number.intValue();
            case BIGINT -> number.longValue();
            default -> number.doubleValue();
        };
    }

    private static Object parseNumber(String text, SqlType.Primitive to) {
        String trimmed = text.trim();
        return switch (to) {
            case INTEGER -> Integer.valueOf(trimmed);
            case BIGINT -> Long.valueOf(trimmed);
            default -> Double.valueOf(trimmed);
        };
    }

    private static Boolean parseBoolean(String text) {
        String word = text.trim().toLowerCase(java.util.Locale.ROOT);
        return !word.isEmpty() && ("true".startsWith(word) || "yes".startsWith(word));
    }

    /**
     * Returns a number as a DECIMAL of exactly that scale, rounded half up.
     *
     * @throws ArithmeticException if it has too many digits
     */
    public static BigDecimal decimal(Number number, SqlType.Decimal type) {
        BigDecimal exact = number instanceof BigDecimal big ? big
                : number instanceof Double d ? BigDecimal.valueOf(d) : BigDecimal.valueOf(number.longValue());
        BigDecimal scaled = exact.scale() == type.scale() ? exact : exact.setScale(type.scale(), RoundingMode.HALF_UP);
        if (scaled.precision() - scaled.scale() > type.precision() - type.scale() && scaled.signum() != 0) {
            throw new ArithmeticException("Numeric field overflow: A field with precision " + type.precision()
                    + " and scale " + type.scale() + " must round to an absolute value less than 10^"
                    + (type.precision() - type.scale()) + ". Got " + exact.toPlainString());
        }
        return scaled;
    }

    /** Parses ISO 8601; what is missing behind the year counts as the least, and a missing zone as UTC. */
    public static Instant parseTimestamp(String text) {
        TemporalAccessor parsed = TIMESTAMP_PARSER.parse(text.trim().replaceFirst("T?$", "").replace(' ', 'T'));
        ZoneOffset offset = parsed.query(TemporalQueries.offset());
        return LocalDateTime.from(parsed).toInstant(offset == null ? ZoneOffset.UTC : offset)
                .truncatedTo(java.time.temporal.ChronoUnit.MILLIS);
    }

    /** A value as CAST(... AS STRING) shows it. */
    public static String text(Object value) {
        return switch (value) {
            case null -> null;
            case BigDecimal decimal -> decimal.toPlainString();
            case Instant instant -> TIMESTAMP_TEXT.format(instant);
            case LocalTime time -> time.getNano() == 0 ? TIME_TEXT.format(time) : time.toString();
            case ByteBuffer bytes -> StandardCharsets.ISO_8859_1.decode(Base64.getEncoder().encode(bytes.duplicate())).toString();
            case Struct struct -> {
                List<String> fields = new ArrayList<>();
                for (int i = 0; i < struct.values().size(); i++) {
                    fields.add(struct.type().fields().get(i).name() + "=" + text(struct.values().get(i)));
                }
                yield fields.stream().collect(Collectors.joining(",", "Struct{", "}"));
            }
            case List<?> list -> list.stream().map(Conversion::text).collect(Collectors.joining(", ", "[", "]"));
            case Map<?, ?> map -> map.entrySet().stream().map(e -> text(e.getKey()) + "=" + text(e.getValue()))
                    .collect(Collectors.joining(", ", "{", "}"));
            default -> value.toString();
        };
    }
}
