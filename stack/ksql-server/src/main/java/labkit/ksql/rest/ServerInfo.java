package labkit.ksql.rest;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.Overrides;
import org.apache.kafka.common.utils.AppInfoParser;

/** What the server tells about itself. It says what it is: clients that read the version go on, nobody is deceived. */
final class ServerInfo {
    static final String VERSION = "0.29.0-labkit";
    static final String IMPLEMENTATION =
            "the lab kit's ksqlDB-compatible server on Kafka Streams " + AppInfoParser.getVersion();

    private final Engine engine;
    private final CommandStatuses statuses;
    private volatile String clusterId;

    ServerInfo(Engine engine, CommandStatuses statuses) {
        this.engine = engine;
        this.statuses = statuses;
    }

    /** Adds what is asked with GET. */
    void addTo(Router router) {
        router.add("GET", "/", exchange -> exchange.redirect("/info"))
                .add("GET", "/info", this::info)
                .add("GET", "/healthcheck", this::health)
                .add("GET", "/clusterStatus", this::cluster)
                .add("GET", "/status/", this::status)
                .add("GET", "/v1/metadata", exchange -> exchange.answer(scope()))
                .add("GET", "/v1/metadata/id", exchange -> exchange.answer(scope()))
                .add("GET", "/is_valid_property/", this::isValidProperty);
    }

    private void info(Exchange exchange) throws IOException {
        Map<String, Object> info = new LinkedHashMap<>();
        info.put("version", VERSION);
        info.put("kafkaClusterId", clusterId());
        info.put("ksqlServiceId", engine.config().serviceId());
        info.put("serverStatus", engine.healthy() ? "RUNNING" : "NOT_HEALTHY");
        info.put("implementation", IMPLEMENTATION);
        exchange.answer(Map.of("KsqlServerInfo", info));
    }

    /** Empty while no broker answers, so that the server can be asked what it is all the same. */
    private String clusterId() {
        if (clusterId == null && Boolean.TRUE.equals(engine.health().get("kafka"))) {
            clusterId = engine.topics().clusterId();
        }
        return clusterId == null ? "" : clusterId;
    }

    private void health(Exchange exchange) throws IOException {
        Map<String, Boolean> parts = engine.health();
        Map<String, Object> details = new LinkedHashMap<>();
        parts.forEach((part, works) -> details.put(part, Map.of("isHealthy", works)));
        Map<String, Object> health = new LinkedHashMap<>();
        health.put("isHealthy", !parts.containsValue(false));
        health.put("details", details);
        health.put("serverState", parts.containsValue(false) ? "NOT_READY" : "READY");
        exchange.answer(parts.containsValue(false) ? 503 : 200, exchange.negotiate(Exchange.JSON, Exchange.KSQL_JSON),
                Json.MAPPER.writer(), health);
    }

    /** The servers that share the queries, as far as the queries' groups know them. */
    private void cluster(Exchange exchange) throws IOException {
        URI own = engine.config().advertisedListener();
        Map<String, Object> servers = new LinkedHashMap<>();
        for (String server : engine.servers()) {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("hostAlive", true);
            entry.put("lastStatusUpdateMs", System.currentTimeMillis());
            entry.put("self", server.equals(own.getHost() + ":" + own.getPort()));
            servers.put(server, entry);
        }
        exchange.answer(Map.of("clusterStatus", servers));
    }

    private void status(Exchange exchange) throws IOException {
        String id = URLDecoder.decode(exchange.path().substring("/status/".length()), StandardCharsets.UTF_8);
        exchange.answer(statuses.find(id).orElseThrow(() -> new RequestFailure(ErrorBody.NOT_FOUND,
                "This server knows of no command " + id + "; it remembers those that were sent to it.")));
    }

    private Map<String, Object> scope() {
        Map<String, Object> clusters = new LinkedHashMap<>();
        clusters.put("kafka-cluster", clusterId());
        clusters.put("ksql-cluster", engine.config().serviceId());
        Map<String, Object> scope = new LinkedHashMap<>();
        scope.put("id", "");
        scope.put("scope", Map.of("path", java.util.List.of(), "clusters", clusters));
        return scope;
    }

    /** What the command line client asks before it sets a property. */
    private void isValidProperty(Exchange exchange) throws IOException {
        String name = URLDecoder.decode(exchange.path().substring("/is_valid_property/".length()),
                StandardCharsets.UTF_8);
        try {
            Overrides.fullName(name);
        } catch (KsqlException error) {
            throw new RequestFailure(ErrorBody.BAD_REQUEST, error.getMessage());
        }
        exchange.answer(true);
    }
}
