package labkit.ksql.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.ServerConfig;

/** A server on a port of its own, and a client for it. */
final class TestClient implements AutoCloseable {
    private static final List<URI> ANY_PORT = List.of(URI.create("http://127.0.0.1:0"));
    private final HttpClient http;
    private final RestServer server;
    private final Engine engine;

    private TestClient(RestServer server, Engine engine, HttpClient.Version version) {
        this.server = server;
        this.engine = engine;
        http = HttpClient.newBuilder().version(version).connectTimeout(Duration.ofSeconds(5)).build();
        server.start();
    }

    /** A whole server, for which there is no broker. */
    static TestClient ofEngine() {
        Engine engine = new Engine(ServerConfig.of(Map.of(
                "bootstrap.servers", "127.0.0.1:1", "listeners", "http://127.0.0.1:0",
                "ksql.service.id", "test_", "ssl.key.password", "hush")));
        return new TestClient(new RestServer(engine), engine, HttpClient.Version.HTTP_1_1);
    }

    static TestClient of(Router router, HttpClient.Version version) {
        return new TestClient(new RestServer(ANY_PORT, router, new RunningQueries()), null, version);
    }

    HttpClient http() {
        return http;
    }

    int port() {
        return server.port();
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(Duration.ofSeconds(20));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    HttpResponse<String> post(String path, String body, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.ofString(body));
        return send(headers.length == 0 ? request : request.headers(headers));
    }

    /** Sends statements to /ksql. */
    HttpResponse<String> ksql(String statements) throws IOException, InterruptedException {
        return post("/ksql", Json.MAPPER.writeValueAsString(Map.of("ksql", statements)));
    }

    static JsonNode json(HttpResponse<String> response) throws IOException {
        return Json.MAPPER.readTree(response.body());
    }

    @Override
    public void close() {
        http.shutdownNow();
        server.close();
        if (engine != null) {
            engine.topics().close();
        }
    }
}
