package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import labkit.ksql.type.SqlType;

final class JsonItems extends Builtin {
    JsonItems() {
        super("JSON_ITEMS", "The elements of a JSON array, each as JSON.",
                Signature.of(new SqlType.Array(STRING), List.of(STRING), in -> {
                    JsonNode node = Json.parse(in[0]);
                    if (node == null || !node.isArray()) {
                        return null;
                    }
                    List<String> items = new ArrayList<>();
                    node.forEach(item -> items.add(item.toString()));
                    return items;
                }));
    }
}
