package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.type.SqlType;

final class JsonRecords extends Builtin {
    JsonRecords() {
        super("JSON_RECORDS", "The entries of a JSON object as a map, each value as JSON; null if it is none.",
                Signature.of(new SqlType.MapOf(STRING, STRING), List.of(STRING), in -> {
                    JsonNode node = Json.parse(in[0]);
                    if (node == null || !node.isObject()) {
                        return null;
                    }
                    Map<String, String> records = new LinkedHashMap<>();
                    node.properties().forEach(entry -> records.put(entry.getKey(), entry.getValue().toString()));
                    return records;
                }));
    }
}
