package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

final class JsonConcat extends Builtin {
    JsonConcat() {
        super("JSON_CONCAT",
                "Joins JSON texts: objects become one object, everything else one array; null if one is not JSON.",
                Signature.of(STRING, List.of(STRING, STRING), in -> {
                    JsonNode joined = Json.parse(in[0]);
                    for (int i = 1; i < in.length && joined != null; i++) {
                        joined = join(joined, Json.parse(in[i]));
                    }
                    return joined == null ? null : joined.toString();
                }).asVariadic());
    }

    private static JsonNode join(JsonNode left, JsonNode right) {
        if (right == null) {
            return null;
        }
        if (left.isObject() && right.isObject()) {
            return ((ObjectNode) left).setAll((ObjectNode) right);
        }
        return array(left).addAll(array(right));
    }

    private static ArrayNode array(JsonNode node) {
        return node.isArray() ? (ArrayNode) node : JsonNodeFactory.instance.arrayNode().add(node);
    }
}
