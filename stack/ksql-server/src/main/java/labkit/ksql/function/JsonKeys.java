package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import labkit.ksql.type.SqlType;

final class JsonKeys extends Builtin {
    JsonKeys() {
        super("JSON_KEYS", "The keys of a JSON object; null if it is none.",
                Signature.of(new SqlType.Array(STRING), List.of(STRING), in -> {
                    JsonNode node = Json.parse(in[0]);
                    if (node == null || !node.isObject()) {
                        return null;
                    }
                    List<String> keys = new ArrayList<>();
                    node.fieldNames().forEachRemaining(keys::add);
                    return keys;
                }));
    }
}
