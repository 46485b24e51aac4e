package labkit.ksql.serde;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import labkit.ksql.catalog.Column;
import labkit.ksql.type.Conversion;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;

/**
 * Columns as the fields of an object, or a single one alone. Fields are found in any case and written in the
 * column's. Straight from the parser, because this is done for every record.
 */
public final class JsonCodec implements RowCodec {
    private static final JsonFactory JSON = new JsonFactory();
    private final SqlType[] types;
    private final String[] names;
    private final Map<String, Integer> places = new HashMap<>();
    private final boolean alone;

    JsonCodec(List<Column> columns, boolean alone) {
        this.alone = alone;
        types = columns.stream().map(Column::type).toArray(SqlType[]::new);
        names = columns.stream().map(Column::name).toArray(String[]::new);
        for (int i = 0; i < names.length; i++) {
            places.putIfAbsent(names[i].toUpperCase(Locale.ROOT), i);
        }
        for (int i = 0; i < names.length; i++) {
            places.putIfAbsent(names[i].toLowerCase(Locale.ROOT), i);
            places.put(names[i], i);
        }
    }

    @Override
    public byte[] encode(Object[] row) throws IOException {
        if (alone && row[0] == null) {
            return null;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator to = JSON.createGenerator(bytes)) {
            to.enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN);
            if (alone) {
                write(row[0], to);
            } else {
                to.writeStartObject();
                for (int i = 0; i < names.length; i++) {
                    to.writeFieldName(names[i]);
                    write(row[i], to);
                }
                to.writeEndObject();
            }
        }
        return bytes.toByteArray();
    }

    @Override
    public Object[] decode(byte[] bytes) throws IOException {
        try (JsonParser from = JSON.createParser(bytes)) {
            Object[] row = new Object[names.length];
            JsonToken first = from.nextToken();
            if (alone) {
                row[0] = read(from, types[0], names[0]);
            } else if (first == JsonToken.VALUE_NULL) {
                return null;
            } else if (first != JsonToken.START_OBJECT) {
                throw new IOException("a JSON object is expected, but this is "
                        + (first == null ? "empty" : from.getText()));
            } else {
                for (String field = from.nextFieldName(); field != null; field = from.nextFieldName()) {
                    from.nextToken();
                    Integer place = places.get(field);
                    if (place == null) {
                        place = places.get(field.toUpperCase(Locale.ROOT));
                    }
                    if (place == null) {
                        from.skipChildren();
                    } else {
                        row[place] = read(from, types[place], names[place]);
                    }
                }
            }
            if (from.nextToken() != null) {
                throw new IOException("there is something behind the JSON: " + from.getText());
            }
            return row;
        }
    }

    // -- Reading -----------------------------------------------------------------------------------

    private static Object read(JsonParser from, SqlType type, String name) throws IOException {
        JsonToken token = from.currentToken();
        if (token == null || token == JsonToken.VALUE_NULL) {
            return null;
        }
        try {
            return switch (type) {
                case SqlType.Primitive p -> primitive(from, token, p);
                case SqlType.Decimal decimal -> token == JsonToken.VALUE_STRING
                        ? Scalars.parse(from.getText().trim(), decimal)
                        : Conversion.decimal(number(from, token, type).getDecimalValue(), decimal);
                case SqlType.Array array -> array(from, token, array, name);
                case SqlType.MapOf map -> map(from, token, map, name);
                case SqlType.StructOf struct -> struct(from, token, struct, name);
            };
        } catch (ArithmeticException | IllegalArgumentException | java.time.DateTimeException error) {
            throw new IOException("field " + name + " (" + type + "): " + error.getMessage(), error);
        }
    }

    private static Object primitive(JsonParser from, JsonToken token, SqlType.Primitive type) throws IOException {
        if (type == SqlType.STRING) {
            return token.isStructStart() ? copy(from) : from.getText();
        }
        if (type == SqlType.BOOLEAN) {
            if (!token.isBoolean()) {
                throw new IllegalArgumentException("not a BOOLEAN: " + from.getText());
            }
            return from.getBooleanValue();
        }
        if (token == JsonToken.VALUE_STRING) {
            return Scalars.parse(from.getText().trim(), type);
        }
        JsonParser number = number(from, token, type);
        return switch (type) {
            case INTEGER -> number.getIntValue();
            case BIGINT -> number.getLongValue();
            case DOUBLE -> number.getDoubleValue();
            case TIMESTAMP -> Instant.ofEpochMilli(number.getLongValue());
            case DATE -> LocalDate.ofEpochDay(number.getLongValue());
            case TIME -> Scalars.time(number.getLongValue());
            default -> throw new IllegalArgumentException("not " + type + ": " + number.getText());
        };
    }

    private static JsonParser number(JsonParser from, JsonToken token, SqlType type) throws IOException {
        if (!token.isNumeric()) {
            throw new IllegalArgumentException("not " + type + ": " + (token.isStructStart() ? token.asString() + "..." : from.getText()));
        }
        return from;
    }

    private static List<Object> array(JsonParser from, JsonToken token, SqlType.Array type, String name) throws IOException {
        require(token == JsonToken.START_ARRAY, type, from);
        List<Object> list = new ArrayList<>();
        while (from.nextToken() != JsonToken.END_ARRAY) {
            list.add(read(from, type.element(), name));
        }
        return list;
    }

    private static Map<Object, Object> map(JsonParser from, JsonToken token, SqlType.MapOf type, String name) throws IOException {
        require(token == JsonToken.START_OBJECT, type, from);
        Map<Object, Object> map = new LinkedHashMap<>();
        for (String key = from.nextFieldName(); key != null; key = from.nextFieldName()) {
            from.nextToken();
            map.put(Scalars.parse(key, type.key()), read(from, type.value(), name));
        }
        return map;
    }

    private static Struct struct(JsonParser from, JsonToken token, SqlType.StructOf type, String name) throws IOException {
        require(token == JsonToken.START_OBJECT, type, from);
        Object[] values = new Object[type.fields().size()];
        for (String field = from.nextFieldName(); field != null; field = from.nextFieldName()) {
            from.nextToken();
            int place = type.indexOf(field);
            place = place >= 0 ? place : indexIgnoringCase(type, field);
            if (place < 0) {
                from.skipChildren();
            } else {
                values[place] = read(from, type.fields().get(place).type(), name + "->" + field);
            }
        }
        return new Struct(type, Arrays.asList(values));
    }

    private static int indexIgnoringCase(SqlType.StructOf type, String field) {
        for (int i = 0; i < type.fields().size(); i++) {
            if (type.fields().get(i).name().equalsIgnoreCase(field)) {
                return i;
            }
        }
        return -1;
    }

    private static void require(boolean condition, SqlType type, JsonParser from) throws IOException {
        if (!condition) {
            throw new IllegalArgumentException("not " + type + ": " + from.getText());
        }
    }

    private static String copy(JsonParser from) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator to = JSON.createGenerator(text)) {
            to.copyCurrentStructure(from);
        }
        return text.toString();
    }

    // -- Writing -----------------------------------------------------------------------------------

    /** Writes any value of the language as it is in a record: times are numbers. */
    public static void write(Object value, JsonGenerator to) throws IOException {
        write(value, to, false);
    }

    /** Writes any value as it is in an answer: times are texts, as CAST(... AS STRING) makes them. */
    public static void show(Object value, JsonGenerator to) throws IOException {
        write(value, to, true);
    }

    private static void write(Object value, JsonGenerator to, boolean times) throws IOException {
        switch (value) {
            case null -> to.writeNull();
            case String text -> to.writeString(text);
            case Integer number -> to.writeNumber(number);
            case Long number -> to.writeNumber(number);
            case Double number -> to.writeNumber(number);
            case BigDecimal number -> to.writeNumber(number);
            case Boolean truth -> to.writeBoolean(truth);
            case Instant instant when times -> to.writeString(Conversion.text(instant));
            case LocalDate date when times -> to.writeString(Conversion.text(date));
            case LocalTime time when times -> to.writeString(Conversion.text(time));
            case Instant instant -> to.writeNumber(instant.toEpochMilli());
            case LocalDate date -> to.writeNumber(date.toEpochDay());
            case LocalTime time -> to.writeNumber(time.toNanoOfDay() / 1_000_000);
            case ByteBuffer bytes -> to.writeString(Scalars.base64(bytes));
            case List<?> list -> {
                to.writeStartArray();
                for (Object element : list) {
                    write(element, to, times);
                }
                to.writeEndArray();
            }
            case Map<?, ?> map -> {
                to.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    to.writeFieldName(String.valueOf(Scalars.text(entry.getKey())));
                    write(entry.getValue(), to, times);
                }
                to.writeEndObject();
            }
            case Struct struct -> {
                to.writeStartObject();
                for (int i = 0; i < struct.values().size(); i++) {
                    to.writeFieldName(struct.type().fields().get(i).name());
                    write(struct.values().get(i), to, times);
                }
                to.writeEndObject();
            }
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        }
    }
}
