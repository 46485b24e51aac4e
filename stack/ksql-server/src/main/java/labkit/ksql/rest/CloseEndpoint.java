package labkit.ksql.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Map;

/** Ends a push query: POST /close-query. */
final class CloseEndpoint implements Endpoint {
    private final RunningQueries running;

    CloseEndpoint(RunningQueries running) {
        this.running = running;
    }

    @Override
    public void serve(Exchange exchange) throws IOException {
        JsonNode body = exchange.object();
        JsonNode id = body.get("queryId");
        if (id == null || !id.isTextual()) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST,
                    "The field \"queryId\" has to name the query, but the request is " + body + ".");
        }
        if (!running.close(id.textValue())) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST,
                    "No push query with the id " + id.textValue() + " is being read from this server.");
        }
        exchange.answer(Map.of());
    }
}
