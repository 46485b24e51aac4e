package labkit.ksql.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;

/**
 * What a request that failed is answered with. The first three digits of the code are the HTTP status.
 *
 * @param statementText the statement that failed, null if it was not a statement; {@code entities} likewise
 * @param entities the results of the statements before it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonPropertyOrder({"@type", "error_code", "message", "statementText", "entities"})
record ErrorBody(
        @JsonProperty("@type") String type,
        @JsonProperty("error_code") int code,
        @JsonProperty("message") String message,
        @JsonProperty("statementText") String statementText,
        @JsonProperty("entities") List<Entity> entities) {
    static final int BAD_REQUEST = 40000;
    static final int BAD_STATEMENT = 40001;
    static final int QUERY_AT_WRONG_ENDPOINT = 40002;
    static final int NOT_FOUND = 40400;
    static final int METHOD_NOT_ALLOWED = 40500;
    static final int NOT_ACCEPTABLE = 40600;
    static final int TOO_LARGE = 41300;
    static final int UNSUPPORTED_MEDIA = 41500;
    static final int SERVER_ERROR = 50000;
    static final int NOT_AVAILABLE = 50300;
    static final int NOT_CAUGHT_UP = 50301;

    static ErrorBody generic(int code, String message) {
        return new ErrorBody("generic_error", code, message, null, null);
    }

    static ErrorBody statement(int code, String message, String text, List<Entity> before) {
        return new ErrorBody("statement_error", code, message, text, List.copyOf(before));
    }

    int status() {
        return code / 100;
    }
}
