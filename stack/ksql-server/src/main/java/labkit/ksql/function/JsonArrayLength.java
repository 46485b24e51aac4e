package labkit.ksql.function;

import static labkit.ksql.type.SqlType.INTEGER;
import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

final class JsonArrayLength extends Builtin {
    JsonArrayLength() {
        super("JSON_ARRAY_LENGTH", "How many elements a JSON array has; null if it is none.",
                Signature.of(INTEGER, List.of(STRING), in -> {
                    JsonNode node = Json.parse(in[0]);
                    return node == null || !node.isArray() ? null : node.size();
                }));
    }
}
