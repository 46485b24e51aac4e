package labkit.ksql.serde;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.Base64;
import labkit.ksql.type.Conversion;
import labkit.ksql.type.SqlType;

/** Single values as text: times are numbers since 1970 or midnight, bytes are Base64. */
public final class Scalars {
    private Scalars() {}

    /** Returns what a value looks like in JSON or DELIMITED, were it text. */
    static String text(Object value) {
        return switch (value) {
            case null -> null;
            case BigDecimal decimal -> decimal.toPlainString();
            case Instant instant -> Long.toString(instant.toEpochMilli());
            case LocalDate date -> Long.toString(date.toEpochDay());
            case LocalTime time -> Long.toString(time.toNanoOfDay() / 1_000_000);
            case ByteBuffer bytes -> base64(bytes);
            default -> value.toString();
        };
    }

    static String base64(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return Base64.getEncoder().encodeToString(copy);
    }

    /** Reads a value from text; what is not one throws. */
    public static Object parse(String text, SqlType type) {
        return switch (type) {
            case SqlType.Decimal decimal -> Conversion.decimal(new BigDecimal(text), decimal);
            case SqlType.Primitive p -> switch (p) {
                case BOOLEAN -> parseBoolean(text);
                case INTEGER -> Integer.valueOf(text);
                case BIGINT -> Long.valueOf(text);
                case DOUBLE -> Double.valueOf(text);
                case STRING -> text;
                case BYTES -> ByteBuffer.wrap(Base64.getDecoder().decode(text));
                case TIMESTAMP -> isNumber(text) ? Instant.ofEpochMilli(Long.parseLong(text)) : Conversion.parseTimestamp(text);
                case DATE -> isNumber(text) ? LocalDate.ofEpochDay(Long.parseLong(text)) : LocalDate.parse(text);
                case TIME -> isNumber(text) ? time(Long.parseLong(text)) : LocalTime.parse(text);
            };
            default -> throw new IllegalArgumentException(type + " cannot be read from text");
        };
    }

    static LocalTime time(long millisOfDay) {
        return LocalTime.ofNanoOfDay(millisOfDay * 1_000_000);
    }

    private static boolean isNumber(String text) {
        return text.matches("[+-]?\\d+");
    }

    private static Boolean parseBoolean(String text) {
        if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
            throw new IllegalArgumentException("not a BOOLEAN: " + text);
        }
        return Boolean.valueOf(text);
    }
}
