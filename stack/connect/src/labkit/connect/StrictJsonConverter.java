package labkit.connect;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.Map;
import org.apache.kafka.connect.data.Decimal;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.json.JsonConverterConfig;

/**
 * Kafka's JsonConverter with {@code schema.content}, which in addition compares each value with the
 * schema. The original reads the text "three" in an integer field as 0 and passes it on; here it is
 * a DataException, which Connect can send to the dead-letter queue.
 */
public class StrictJsonConverter extends JsonConverter {
    private static final String ZONED_TIMESTAMP = "io.debezium.time.ZonedTimestamp";
    private static final String PRECISION = "connect.decimal.precision";

    private final ObjectMapper json =
            new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private Schema schema;

    @Override
    public void configure(Map<String, ?> configs, boolean isKey) {
        super.configure(configs, isKey);
        Object content = configs.get(JsonConverterConfig.SCHEMA_CONTENT_CONFIG);
        if (content == null) {
            return;
        }
        try {
            schema = asConnectSchema(json.readTree(content.toString()));
        } catch (IOException e) {
            throw new DataException("schema.content is not JSON: " + e.getMessage(), e);
        }
    }

    @Override
    public SchemaAndValue toConnectData(String topic, byte[] value) {
        if (schema != null && value != null) {
            try {
                check(schema, json.readTree(value), "value");
            } catch (IOException e) {
                throw new DataException("not JSON: " + e.getMessage().lines().findFirst().orElse(""), e);
            }
        }
        return super.toConnectData(topic, value);
    }

    private static void check(Schema schema, JsonNode node, String path) {
        if (node == null || node.isNull() || node.isMissingNode()) {
            require(schema.isOptional() || schema.defaultValue() != null, path, "a value", node);
            return;
        }
        if (Decimal.LOGICAL_NAME.equals(schema.name())) {
            checkDecimal(schema, node, path);
            return;
        }
        switch (schema.type()) {
            case INT8 -> checkInteger(node, path, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case INT16 -> checkInteger(node, path, Short.MIN_VALUE, Short.MAX_VALUE);
            case INT32 -> checkInteger(node, path, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case INT64 -> checkInteger(node, path, Long.MIN_VALUE, Long.MAX_VALUE);
            case FLOAT32, FLOAT64 -> require(node.isNumber(), path, "a number", node);
            case BOOLEAN -> require(node.isBoolean(), path, "true or false", node);
            case BYTES -> require(node.isTextual(), path, "base64 text", node);
            case STRING -> checkText(schema, node, path);
            case ARRAY -> {
                require(node.isArray(), path, "an array", node);
                for (int i = 0; i < node.size(); i++) {
                    check(schema.valueSchema(), node.get(i), path + "[" + i + "]");
                }
            }
            case MAP -> {
                require(node.isObject(), path, "an object", node);
                node.properties().forEach(
                        e -> check(schema.valueSchema(), e.getValue(), path + "." + e.getKey()));
            }
            case STRUCT -> {
                require(node.isObject(), path, "an object", node);
                for (Field field : schema.fields()) {
                    check(field.schema(), node.get(field.name()), path + "." + field.name());
                }
            }
        }
    }

    private static void checkInteger(JsonNode node, String path, long min, long max) {
        boolean fits = node.isIntegralNumber() && node.canConvertToLong()
                && node.longValue() >= min && node.longValue() <= max;
        require(fits, path, "a whole number from " + min + " to " + max, node);
    }

    private static void checkDecimal(Schema schema, JsonNode node, String path) {
        require(node.isNumber(), path, "a number", node);
        int scale = Integer.parseInt(schema.parameters().get(Decimal.SCALE_FIELD));
        int precision = Integer.parseInt(schema.parameters().getOrDefault(PRECISION, "38"));
        BigDecimal number = node.decimalValue().stripTrailingZeros();
        boolean fits = number.scale() <= scale
                && number.precision() - number.scale() <= precision - scale;
        require(fits, path, "a number with at most " + (precision - scale) + " digits before and "
                + scale + " after the point", node);
    }

    private static void checkText(Schema schema, JsonNode node, String path) {
        require(node.isTextual(), path, "text", node);
        require(node.textValue().indexOf('\0') < 0, path, "text without a zero character", node);
        if (ZONED_TIMESTAMP.equals(schema.name())) {
            try {
                OffsetDateTime.parse(node.textValue());
            } catch (DateTimeException e) {
                require(false, path, "a time such as 2026-01-05T09:13:22.123Z", node);
            }
        }
    }

    private static void require(boolean holds, String path, String expected, JsonNode seen) {
        if (!holds) {
            throw new DataException(path + ": expected " + expected + ", got "
                    + (seen == null ? "nothing" : seen.toString()));
        }
    }
}
