package labkit.connect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Date;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.data.Time;
import org.apache.kafka.connect.data.Timestamp;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.json.JsonConverterConfig;

/**
 * Kafka's JsonConverter with {@code schema.content}, but strict. The original reads the text "three"
 * in an integer field as 0 and passes it on; here it is a DataException, which Connect can send to
 * the dead-letter queue. Values are read and checked in one pass, straight from the parser: this is
 * done for every event, and two passes over a tree took twice the time.
 */
public class StrictJsonConverter extends JsonConverter {
    private static final String ZONED_TIMESTAMP = "io.debezium.time.ZonedTimestamp";
    private static final String PRECISION = "connect.decimal.precision";
    private static final String USUAL_TIME = "dddd-dd-ddTdd:dd:dd.dddZ";

    private final JsonFactory json = new JsonFactory();
    private Schema schema;

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        super.configure(configs, isKey);
        Object content = configs.get(JsonConverterConfig.SCHEMA_CONTENT_CONFIG);
        if (content == null) {
            return;
        }
        try {
            schema = asConnectSchema(new ObjectMapper().readTree(content.toString()));
        } catch (IOException e) {
            throw new DataException("schema.content is not JSON: " + e.getMessage(), e);
        }
    }

    @Override
    public SchemaAndValue toConnectData(String topic, byte[] value) {
        if (schema == null || value == null) {
            return super.toConnectData(topic, value);
        }
        try (JsonParser parser = json.createParser(value)) {
            parser.nextToken();
            Object read = read(schema, parser);
            require(parser.nextToken() == null, "nothing behind the JSON", parser);
            return new SchemaAndValue(schema, read);
        } catch (IOException e) {
            throw new DataException("not JSON: " + e.getMessage().lines().findFirst().orElse(""), e);
        }
    }

    /** Read the value that begins at the parser's current token; afterwards its last one is current. */
    private static Object read(Schema schema, JsonParser at) throws IOException {
        if (at.currentToken() == null || at.hasToken(JsonToken.VALUE_NULL)) {
            return absent(schema, at);
        }
        if (Decimal.LOGICAL_NAME.equals(schema.name())) {
            return readDecimal(schema, at);
        }
        return switch (schema.type()) {
            case INT8 -> (byte) readInteger(at, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case INT16 -> (short) readInteger(at, Short.MIN_VALUE, Short.MAX_VALUE);
            case INT32 -> logical(schema, (int) readInteger(at, Integer.MIN_VALUE, Integer.MAX_VALUE));
            case INT64 -> logical(schema, readInteger(at, Long.MIN_VALUE, Long.MAX_VALUE));
            case FLOAT32 -> (float) readNumber(at);
            case FLOAT64 -> readNumber(at);
            case BOOLEAN -> {
                require(at.currentToken().isBoolean(), "true or false", at);
                yield at.getBooleanValue();
            }
            case BYTES -> {
                require(at.hasToken(JsonToken.VALUE_STRING), "base64 text", at);
                yield at.getBinaryValue();
            }
            case STRING -> readText(schema, at);
            case ARRAY -> readArray(schema, at);
            case MAP -> readMap(schema, at);
            case STRUCT -> readStruct(schema, at);
        };
    }

    private static Object absent(Schema schema, JsonParser at) throws IOException {
        require(schema.isOptional() || schema.defaultValue() != null, "a value", at);
        return schema.defaultValue();
    }

    private static Object logical(Schema schema, Object number) {
        if (schema.name() == null) {
            return number;
        }
        return switch (schema.name()) {
            case Date.LOGICAL_NAME -> Date.toLogical(schema, (int) number);
            case Time.LOGICAL_NAME -> Time.toLogical(schema, (int) number);
            case Timestamp.LOGICAL_NAME -> Timestamp.toLogical(schema, (long) number);
            default -> number;
        };
    }

    private static double readNumber(JsonParser at) throws IOException {
        require(at.currentToken().isNumeric(), "a number", at);
        return at.getDoubleValue();
    }

    private static long readInteger(JsonParser at, long min, long max) throws IOException {
        boolean fits = at.hasToken(JsonToken.VALUE_NUMBER_INT)
                && at.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && at.getLongValue() >= min && at.getLongValue() <= max;
        if (!fits) {
            refuse("a whole number from " + min + " to " + max, at);
        }
        return at.getLongValue();
    }

    private static BigDecimal readDecimal(Schema schema, JsonParser at) throws IOException {
        require(at.currentToken().isNumeric(), "a number", at);
        int scale = Integer.parseInt(schema.parameters().get(Decimal.SCALE_FIELD));
        int precision = Integer.parseInt(schema.parameters().getOrDefault(PRECISION, "38"));
        BigDecimal number = at.getDecimalValue();
        BigDecimal shortest = number.scale() > scale ? number.stripTrailingZeros() : number;
        if (shortest.scale() > scale || shortest.precision() - shortest.scale() > precision - scale) {
            refuse("a number with at most " + (precision - scale) + " digits before and "
                    + scale + " after the point", at);
        }
        return shortest.setScale(scale);
    }

    private static String readText(Schema schema, JsonParser at) throws IOException {
        require(at.hasToken(JsonToken.VALUE_STRING), "text", at);
        String text = at.getText();
        require(text.indexOf('\0') < 0, "text without a zero character", at);
        if (ZONED_TIMESTAMP.equals(schema.name()) && !isUsualTime(text)) {
            try {
                OffsetDateTime.parse(text);
            } catch (DateTimeException e) {
                refuse("a time such as 2026-01-05T09:13:22.123Z", at);
            }
        }
        return text;
    }

    /** Tell quickly whether this is a valid time in the form that nearly all events have. */
    private static boolean isUsualTime(String text) {
        if (text.length() != USUAL_TIME.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            char wanted = USUAL_TIME.charAt(i);
            char seen = text.charAt(i);
            if (wanted == 'd' ? seen < '0' || seen > '9' : seen != wanted) {
                return false;
            }
        }
        int month = twoDigits(text, 5);
        int day = twoDigits(text, 8);
        // The last days of a month are left to the full parser, which knows how long each month is.
        return month >= 1 && month <= 12 && day >= 1 && day <= 28
                && twoDigits(text, 11) < 24 && twoDigits(text, 14) < 60 && twoDigits(text, 17) < 60;
    }

    private static int twoDigits(String text, int at) {
        return (text.charAt(at) - '0') * 10 + text.charAt(at + 1) - '0';
    }

    private static List<Object> readArray(Schema schema, JsonParser at) throws IOException {
        require(at.hasToken(JsonToken.START_ARRAY), "an array", at);
        List<Object> items = new ArrayList<>();
        while (at.nextToken() != JsonToken.END_ARRAY) {
            items.add(read(schema.valueSchema(), at));
        }
        return items;
    }

    private static Map<String, Object> readMap(Schema schema, JsonParser at) throws IOException {
        require(at.hasToken(JsonToken.START_OBJECT), "an object", at);
        Map<String, Object> entries = new LinkedHashMap<>();
        for (String name = at.nextFieldName(); name != null; name = at.nextFieldName()) {
            at.nextToken();
            entries.put(name, read(schema.valueSchema(), at));
        }
        return entries;
    }

    private static Struct readStruct(Schema schema, JsonParser at) throws IOException {
        require(at.hasToken(JsonToken.START_OBJECT), "an object", at);
        Struct struct = new Struct(schema);
        boolean[] seen = new boolean[schema.fields().size()];
        for (String name = at.nextFieldName(); name != null; name = at.nextFieldName()) {
            at.nextToken();
            Field field = schema.field(name);
            if (field == null) {
                at.skipChildren();
            } else {
                struct.put(field, read(field.schema(), at));
                seen[field.index()] = true;
            }
        }
        for (Field field : schema.fields()) {
            if (!seen[field.index()]) {
                if (!field.schema().isOptional() && field.schema().defaultValue() == null) {
                    String missing = place(at) + "." + field.name();
                    throw new DataException(missing + ": expected a value, got nothing");
                }
                struct.put(field, field.schema().defaultValue());
            }
        }
        return struct;
    }

    private static void require(boolean holds, String expected, JsonParser at) throws IOException {
        if (!holds) {
            refuse(expected, at);
        }
    }

    private static void refuse(String expected, JsonParser at) throws IOException {
        String seen = at.currentToken() == null ? "nothing" : at.getText();
        if (at.hasToken(JsonToken.VALUE_STRING)) {
            seen = "\"" + seen + "\"";
        }
        throw new DataException(place(at) + ": expected " + expected + ", got " + seen);
    }

    /** Name the place in the value that the parser stands at: {@code value.items.2.price}. */
    private static String place(JsonParser at) {
        return "value" + at.getParsingContext().pathAsPointer().toString().replace('/', '.');
    }
}
