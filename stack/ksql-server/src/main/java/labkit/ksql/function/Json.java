package labkit.ksql.function;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BinaryNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import labkit.ksql.KsqlException;
import labkit.ksql.type.Conversion;
import labkit.ksql.type.Struct;

/** JSON: parsed, searched by path, and made of values. */
public final class Json {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();
    private static final Compiled<List<Object>> PATHS = new Compiled<>(Json::steps);
    /** A step of a path: .name, [3], ['name'] or ["name"]. */
    private static final Pattern STEP = Pattern.compile("\\.([^.\\[\\]]+)|\\[(\\d+)]|\\['([^']*)']|\\[\"([^\"]*)\"]");

    private Json() {}

    /** Returns a value of the language as JSON text. */
    public static String text(Object value) {
        return of(value).toString();
    }

    /** Returns what the text says, or null if it is not JSON. */
    static JsonNode parse(Object text) {
        try {
            JsonNode node = MAPPER.readTree((String) text);
            return node.isMissingNode() ? null : node;
        } catch (JsonProcessingException invalid) {
            return null;
        }
    }

    /** Returns what stands at a path, or a missing node. */
    static JsonNode at(JsonNode node, String path) {
        JsonNode found = node;
        for (Object step : PATHS.of(path)) {
            found = step instanceof Integer index ? found.path(index) : found.path((String) step);
        }
        return found;
    }

    private static List<Object> steps(String path) {
        Matcher matcher = STEP.matcher(path).region(path.startsWith("$") ? 1 : 0, path.length());
        List<Object> steps = new ArrayList<>();
        int end = matcher.regionStart();
        while (matcher.lookingAt()) {
            steps.add(matcher.group(2) != null ? (Object) Integer.valueOf(matcher.group(2))
                    : matcher.group(1) != null ? matcher.group(1)
                    : matcher.group(3) != null ? matcher.group(3) : matcher.group(4));
            end = matcher.end();
            matcher.region(end, path.length());
        }
        if (!path.startsWith("$") || end < path.length()) {
            throw new KsqlException("'" + path + "' is not a JSON path like $.log.items[0]['name'].");
        }
        return steps;
    }

    /** Returns a value of the language as JSON. */
    static JsonNode of(Object value) {
        return switch (value) {
            case null -> NullNode.instance;
            case Struct struct -> {
                ObjectNode object = MAPPER.createObjectNode();
                for (int i = 0; i < struct.values().size(); i++) {
                    object.set(struct.type().fields().get(i).name(), of(struct.values().get(i)));
                }
                yield object;
            }
            case Map<?, ?> map -> {
                ObjectNode object = MAPPER.createObjectNode();
                map.forEach((key, each) -> object.set(Conversion.text(key), of(each)));
                yield object;
            }
            case List<?> list -> {
                ArrayNode array = MAPPER.createArrayNode();
                list.forEach(each -> array.add(of(each)));
                yield array;
            }
            case ByteBuffer bytes -> BinaryNode.valueOf(Bytes.of(bytes));
            case Integer number -> IntNode.valueOf(number);
            case Long number -> LongNode.valueOf(number);
            case Double number -> DoubleNode.valueOf(number);
            case BigDecimal number -> DecimalNode.valueOf(number);
            case Boolean truth -> BooleanNode.valueOf(truth);
            default -> TextNode.valueOf(Conversion.text(value));
        };
    }
}
