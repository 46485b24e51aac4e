package labkit.ksql.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Writes rows into a stream as they come, and acknowledges each one: POST /inserts-stream. Over HTTP/2 that goes on
 * at the same time; clients of HTTP/1.1 read when they have sent everything, and so are answered then.
 */
final class InsertsEndpoint implements Endpoint {

    /** Writes one row; returns once the brokers have it. */
    @FunctionalInterface
    interface Insert {
        void row(String target, Map<String, JsonNode> columns);
    }

    private final UnaryOperator<String> resolve;
    private final Insert insert;

    /** {@code resolve} finds the name of the stream or table that a request means, or fails. */
    InsertsEndpoint(UnaryOperator<String> resolve, Insert insert) {
        this.resolve = resolve;
        this.insert = insert;
    }

    @Override
    public void serve(Exchange exchange) throws IOException {
        exchange.requireReadable();
        String type = exchange.negotiate(Exchange.DELIMITED, Exchange.JSON);
        boolean array = type.equals(Exchange.JSON);
        try (InputStream body = new BufferedInputStream(exchange.body())) {
            String target = resolve.apply(target(line(body)));
            Outflow out = exchange.open(type);
            out.write(array ? "[" : "");
            if (exchange.isHttp2()) {
                out.flush();
            }
            long sequence = 0;
            for (byte[] line = line(body); line != null; line = line(body)) {
                if (new String(line, StandardCharsets.UTF_8).isBlank()) {
                    continue;
                }
                out.write((array && sequence > 0 ? ",\n" : "") + insert(target, line, sequence) + (array ? "" : "\n"));
                sequence++;
                if (exchange.isHttp2()) {
                    out.flush();
                }
            }
            out.write(array ? "]\n" : "");
            out.finish();
        }
    }

    private static String target(byte[] line) throws IOException {
        if (line == null) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST,
                    "The body is empty. Its first line says where to: {\"target\": \"NAME\"};"
                    + " each line after it is a row: {\"COLUMN\": value, ...}.");
        }
        JsonNode head = Exchange.object(line);
        StatementRequest.fields(head, "properties");
        JsonNode target = head.get("target");
        if (target == null || !target.isTextual() || target.textValue().isBlank()) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST,
                    "The first line has to name the stream: {\"target\": \"NAME\"}, but it is: " + head);
        }
        return target.textValue();
    }

    /** Returns the acknowledgement. */
    private ObjectNode insert(String target, byte[] line, long sequence) {
        ObjectNode ack = Json.MAPPER.createObjectNode();
        try {
            Map<String, JsonNode> columns = new LinkedHashMap<>();
            Exchange.object(line).properties().forEach(column -> columns.put(column.getKey(), column.getValue()));
            insert.row(target, columns);
            return ack.put("status", "ok").put("seq", sequence);
        } catch (IOException | RuntimeException error) {
            ErrorBody body = Failures.generic(error);
            return ack.put("status", "error").put("seq", sequence).put("error_code", body.code())
                    .put("message", body.message());
        }
    }

    /** Returns the next line, or null at the end. */
    private static byte[] line(InputStream body) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int next = body.read();
        if (next < 0) {
            return null;
        }
        for (; next >= 0 && next != '\n'; next = body.read()) {
            if (line.size() == Exchange.LIMIT) {
                throw new RequestFailure(ErrorBody.TOO_LARGE, "A line is longer than " + Exchange.LIMIT
                        + " bytes. Each row is a line of its own.");
            }
            line.write(next);
        }
        return line.toByteArray();
    }
}
