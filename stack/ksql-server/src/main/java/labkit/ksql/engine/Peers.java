package labkit.ksql.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import labkit.ksql.KsqlException;
import labkit.ksql.catalog.Column;
import labkit.ksql.serde.Format;
import labkit.ksql.serde.RowCodec;
import org.apache.kafka.streams.state.HostInfo;

/** Asks other servers of the same service for the rows that only they have. */
final class Peers implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2))
            .version(HttpClient.Version.HTTP_1_1).build();

    /** A server could not be asked; it may have gone, so that others will have its share soon. */
    static final class Unreachable extends Exception {
        Unreachable(HostInfo server, Exception cause) {
            super("the server " + server.host() + ":" + server.port() + " does not answer ("
                    + QueryLog.innermost(cause) + ")", cause);
        }
    }

    /** A server's rows, as they come. */
    record Rows(Iterator<List<Object>> rows, Runnable end) {}

    /**
     * Sends a pull query to a server, which answers with its own rows.
     *
     * @throws KsqlException if it refuses
     */
    Rows ask(HostInfo server, String sql, Map<String, Object> properties, List<Column> columns) throws Unreachable {
        Map<String, Object> forwarded = new HashMap<>(properties);
        forwarded.put(Overrides.FORWARDED, true);
        try {
            HttpRequest request = HttpRequest.newBuilder(new URI("http", null, server.host(), server.port(),
                    "/query-stream", null, null))
                    .timeout(PATIENCE).header("Content-Type", "application/json")
                    .header("Accept", "application/vnd.ksqlapi.delimited.v1")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(Map.of("sql", sql,
                    "properties", forwarded)))).build();
            HttpResponse<Stream<String>> response = http.send(request, HttpResponse.BodyHandlers.ofLines());
            Stream<String> body = response.body();
            Iterator<String> lines = body.iterator();
            if (response.statusCode() != 200) {
                throw refused(server, lines.hasNext() ? lines.next() : "HTTP " + response.statusCode());
            }
            lines.next(); // names and types
            RowCodec codec = new Format(Format.Name.JSON, ',', true).codec(columns, false);
            return new Rows(new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return lines.hasNext();
                }

                @Override
                public List<Object> next() {
                    return row(server, lines.next(), columns, codec);
                }
            }, body::close);
        } catch (IOException | java.net.URISyntaxException | java.util.NoSuchElementException error) {
            throw new Unreachable(server, error);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KsqlException("Interrupted while another server was asked.");
        }
    }

    private static List<Object> row(HostInfo server, String line, List<Column> columns, RowCodec codec) {
        try {
            JsonNode values = JSON.readTree(line);
            if (!values.isArray() || values.size() != columns.size()) {
                throw refused(server, line);
            }
            ObjectNode row = JSON.createObjectNode();
            for (int i = 0; i < values.size(); i++) {
                row.set(columns.get(i).name(), values.get(i));
            }
            return Arrays.asList(codec.decode(JSON.writeValueAsBytes(row)));
        } catch (IOException error) {
            throw new KsqlException("The server " + server.host() + ":" + server.port() + " sent what is not a row: "
                    + error.getMessage(), error);
        }
    }

    private static KsqlException refused(HostInfo server, String answer) {
        String reason = answer;
        try {
            reason = JSON.readTree(answer).path("message").asText(answer);
        } catch (IOException error) {
            // as it is
        }
        return new KsqlException("The server " + server.host() + ":" + server.port()
                + ", which has a part of the table, said: " + reason);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
