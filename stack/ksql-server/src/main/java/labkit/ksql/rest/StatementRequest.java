package labkit.ksql.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a request that holds statements says.
 *
 * @param variables by upper-case name
 * @param after the sequence number of the command that has to be carried out before, or null
 */
record StatementRequest(String text, Map<String, Object> properties, Map<String, String> variables, Long after) {
    private static final List<String> TEXT = List.of("sql", "ksql");
    private static final List<String> PROPERTIES = List.of("properties", "streamsProperties");

    /** Reads a request; both endpoints' names of the same thing are understood at either. */
    static StatementRequest of(JsonNode body) {
        JsonNode text = first(body, TEXT);
        if (text == null || !text.isTextual() || text.textValue().isBlank()) {
            throw bad("The field \"ksql\" (\"sql\" at /query-stream) has to hold statements as text, but "
                    + (text == null ? "it is missing. There are: " + names(body) : "it is " + text) + ".");
        }
        Map<String, Object> properties = new LinkedHashMap<>();
        for (String field : PROPERTIES) {
            fields(body, field).forEach((name, value) -> properties.put(name, property(field, name, value)));
        }
        Map<String, String> variables = new LinkedHashMap<>();
        fields(body, "sessionVariables").forEach((name, value) ->
                variables.put(name.toUpperCase(Locale.ROOT), value.asText()));
        return new StatementRequest(text.textValue(), properties, variables, after(body.get("commandSequenceNumber")));
    }

    private static Long after(JsonNode number) {
        if (number == null || number.isNull()) {
            return null;
        }
        if (!number.isIntegralNumber()) {
            throw bad("The field \"commandSequenceNumber\" has to be a whole number, but it is " + number + ".");
        }
        return number.longValue();
    }

    /** Returns the fields of an object within the request; there are none if it is missing. */
    static Map<String, JsonNode> fields(JsonNode body, String name) {
        JsonNode object = body.get(name);
        if (object == null || object.isNull()) {
            return Map.of();
        }
        if (!object.isObject()) {
            throw bad("The field \"" + name + "\" has to be an object of names and values, but it is " + object + ".");
        }
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        object.properties().forEach(entry -> fields.put(entry.getKey(), entry.getValue()));
        return fields;
    }

    private static Object property(String field, String name, JsonNode value) {
        if (value.isContainerNode() || value.isNull()) {
            throw bad("The property " + name + " in \"" + field
                    + "\" has to be text, a number or true or false, but it is " + value + ".");
        }
        return value.isBoolean() ? (Object) value.booleanValue()
                : value.isNumber() ? value.numberValue() : value.asText();
    }

    private static JsonNode first(JsonNode body, List<String> names) {
        return names.stream().map(body::get).filter(node -> node != null && !node.isNull()).findFirst().orElse(null);
    }

    private static List<String> names(JsonNode body) {
        List<String> names = new ArrayList<>();
        body.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static RequestFailure bad(String message) {
        return new RequestFailure(ErrorBody.BAD_REQUEST, message);
    }
}
