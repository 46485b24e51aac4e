package labkit.ksql.function;

import static labkit.ksql.type.SqlType.BOOLEAN;
import static labkit.ksql.type.SqlType.STRING;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.List;
import java.util.stream.StreamSupport;

final class JsonArrayContains extends Builtin {
    private static final Parameter PRIMITIVE = new Parameter("primitive type", null,
            type -> type.isNumeric() || type == STRING || type == BOOLEAN);

    JsonArrayContains() {
        super("JSON_ARRAY_CONTAINS", "Whether a JSON text is an array in which a value stands.",
                Signature.generic(types -> BOOLEAN, List.of(Parameter.of(STRING), PRIMITIVE),
                        types -> in -> in[0] != null && contains(Json.parse(in[0]), in[1])).withNulls());
    }

    private static boolean contains(JsonNode array, Object wanted) {
        return array != null && array.isArray() && StreamSupport.stream(array.spliterator(), false)
                .anyMatch(node -> equal(node, wanted));
    }

    private static boolean equal(JsonNode node, Object wanted) {
        return switch (wanted) {
            case null -> node.isNull();
            case Number number -> node.isNumber()
                    && node.decimalValue().compareTo(new BigDecimal(number.toString())) == 0;
            default -> !node.isNumber() && Json.of(wanted).equals(node);
        };
    }
}
