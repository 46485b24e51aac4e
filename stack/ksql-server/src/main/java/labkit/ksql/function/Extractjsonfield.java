package labkit.ksql.function;

import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import labkit.ksql.KsqlException;

final class Extractjsonfield extends Builtin {
    Extractjsonfield() {
        super("EXTRACTJSONFIELD", "What stands at a path like $.log.items[0] in a JSON text, as a string.",
                Signature.of(STRING, List.of(STRING, STRING), in -> at((String) in[0], (String) in[1])));
    }

    private static String at(String text, String path) {
        JsonNode root = Json.parse(text);
        if (root == null) {
            throw new KsqlException("EXTRACTJSONFIELD: this is not JSON: " + text);
        }
        JsonNode node = Json.at(root, path);
        return node.isMissingNode() || node.isNull() ? null : node.isTextual() ? node.textValue() : node.toString();
    }
}
