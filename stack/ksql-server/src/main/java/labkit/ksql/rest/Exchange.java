package labkit.ksql.rest;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/** A request and its answer. */
final class Exchange {
    static final String JSON = "application/json";
    static final String KSQL_JSON = "application/vnd.ksql.v1+json";
    static final String DELIMITED = "application/vnd.ksqlapi.delimited.v1";
    static final int LIMIT = 5 << 20;
    /** What else is read of a body that is too large, so that its sender comes to read the answer. */
    private static final long DRAINED = 64L << 20;
    /** The last two are what curl and others say if nobody told them. */
    private static final Set<String> READABLE =
            Set.of(JSON, KSQL_JSON, DELIMITED, "application/x-www-form-urlencoded", "application/octet-stream");

    private final Request request;
    private final Response response;

    Exchange(Request request, Response response) {
        this.request = request;
        this.response = response;
    }

    String method() {
        return request.getMethod();
    }

    /** Without the query string, decoded. */
    String path() {
        return Request.getPathInContext(request);
    }

    boolean isHttp2() {
        return request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_2;
    }

    Request request() {
        return request;
    }

    // -- The request -------------------------------------------------------------------------------

    /** Returns the body, which has to be a JSON object. */
    JsonNode object() throws IOException {
        requireReadable();
        byte[] bytes;
        try (InputStream body = body()) {
            bytes = body.readNBytes(LIMIT + 1);
            if (bytes.length > LIMIT) {
                body.skip(DRAINED);
                throw new RequestFailure(ErrorBody.TOO_LARGE, "The body is larger than " + LIMIT
                        + " bytes, the most that is read. Send its statements in several requests.");
            }
        }
        return object(bytes);
    }

    static JsonNode object(byte[] bytes) throws IOException {
        try {
            JsonNode node = Json.MAPPER.readTree(bytes);
            if (node != null && node.isObject()) {
                return node;
            }
            String found = node == null || node.isMissingNode() ? "nothing"
                    : node.getNodeType().name().toLowerCase(Locale.ROOT);
            throw new RequestFailure(ErrorBody.BAD_REQUEST, "A JSON object was expected, but there is " + found + ".");
        } catch (JsonProcessingException error) {
            JsonLocation at = error.getLocation();
            throw new RequestFailure(ErrorBody.BAD_REQUEST, "Not valid JSON: " + error.getOriginalMessage()
                    + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")"));
        }
    }

    InputStream body() {
        return Content.Source.asInputStream(request);
    }

    void requireReadable() {
        String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
        if (type != null && !READABLE.contains(bare(type))) {
            throw new RequestFailure(ErrorBody.UNSUPPORTED_MEDIA, "The Content-Type " + type
                    + " is not understood. Send " + JSON + ".");
        }
    }

    /** Returns the first of these types if the client does not care, else the one that it likes best. */
    String negotiate(String... offered) {
        List<String> wanted = request.getHeaders().getQualityCSV(HttpHeader.ACCEPT);
        if (wanted.isEmpty()) {
            return offered[0];
        }
        for (String want : wanted) {
            for (String offer : offered) {
                String bare = bare(want);
                if (bare.equals("*/*") || bare.equals("application/*") || bare.equals(offer)) {
                    return offer;
                }
            }
        }
        throw new RequestFailure(ErrorBody.NOT_ACCEPTABLE, "The answer can be " + String.join(" or ", offered)
                + ", but the request accepts " + String.join(", ", wanted) + " only. Change its Accept header.");
    }

    private static String bare(String type) {
        return type.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
    }

    // -- The answer --------------------------------------------------------------------------------

    /** Answers with a whole body. */
    void answer(int status, String type, ObjectWriter writer, Object body) throws IOException {
        byte[] bytes = writer.writeValueAsBytes(body);
        response.setStatus(status);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, type);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        Content.Sink.write(response, true, ByteBuffer.wrap(bytes));
    }

    void answer(Object body) throws IOException {
        answer(200, negotiate(JSON, KSQL_JSON), Json.MAPPER.writer(), body);
    }

    void fail(ErrorBody body) throws IOException {
        if (body.code() == ErrorBody.TOO_LARGE && !isHttp2()) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        answer(body.status(), JSON, Json.MAPPER.writer(), body);
    }

    boolean hasBegun() {
        return response.isCommitted();
    }

    void header(HttpHeader name, String value) {
        response.getHeaders().put(name, value);
    }

    void redirect(String to) throws IOException {
        response.setStatus(307);
        header(HttpHeader.LOCATION, to);
        Content.Sink.write(response, true, ByteBuffer.allocate(0));
    }

    /** Begins an answer that is written bit by bit. */
    Outflow open(String type) {
        response.setStatus(200);
        header(HttpHeader.CONTENT_TYPE, type);
        return new Outflow(request, response);
    }
}
