package labkit.ksql.rest;

import static labkit.ksql.rest.TestClient.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import labkit.ksql.KsqlException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class RestServerTest {
    private static TestClient client;

    @BeforeAll
    static void start() {
        client = TestClient.ofEngine();
    }

    @AfterAll
    static void stop() {
        client.close();
    }

    // -- What it says of itself --------------------------------------------------------------------

    @Test
    void infoTellsThatThisIsNotTheGenuineServer() throws Exception {
        JsonNode info = json(client.get("/info")).get("KsqlServerInfo");
        assertTrue(info.get("version").asText().matches("0\\.29\\.0-labkit"), info.toString());
        String implementation = info.get("implementation").asText();
        assertTrue(implementation.contains("lab kit's ksqlDB-compatible server on Kafka Streams 4"), implementation);
        assertEquals("test_", info.get("ksqlServiceId").asText());
        assertEquals("", info.get("kafkaClusterId").asText(), "no broker answers");
    }

    @Test
    void rootLeadsToInfo() throws Exception {
        HttpResponse<String> response = client.get("/");
        assertEquals(307, response.statusCode());
        assertEquals("/info", response.headers().firstValue("Location").orElseThrow());
    }

    @Test
    void aServerThatHasNotReadItsLogIsNotHealthy() throws Exception {
        HttpResponse<String> response = client.get("/healthcheck");
        assertEquals(503, response.statusCode());
        assertFalse(json(response).get("isHealthy").asBoolean());
        assertEquals(List.of("metastore", "kafka", "commandRunner"),
                json(response).get("details").propertyStream().map(java.util.Map.Entry::getKey).toList());
    }

    @ParameterizedTest
    @CsvSource({"auto.offset.reset, 200", "ksql.streams.auto.offset.reset, 200", "nonsense, 400",
            "bootstrap.servers, 400"})
    void propertiesAreCheckedByName(String name, int status) throws Exception {
        assertEquals(status, client.get("/is_valid_property/" + name).statusCode());
    }

    @Test
    void http2IsSpokenAfterAnUpgrade() throws Exception {
        try (HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
            HttpResponse<String> response = http.send(client.request("/info").build(),
                    HttpResponse.BodyHandlers.ofString());
            assertEquals(HttpClient.Version.HTTP_2, response.version());
            assertEquals(200, response.statusCode());
        }
    }

    // -- What is refused ---------------------------------------------------------------------------

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("/ksql", "{\"ksql\":", 40000, "Not valid JSON"),
                Arguments.of("/ksql", "", 40000, "there is nothing"),
                Arguments.of("/ksql", "[1]", 40000, "there is array"),
                Arguments.of("/ksql", "{\"statement\": \"SHOW STREAMS;\"}", 40000, "There are: [statement]"),
                Arguments.of("/ksql", "{\"ksql\": 5}", 40000, "it is 5"),
                Arguments.of("/ksql", "{\"ksql\": \"-- nothing\"}", 40000, "There is no statement"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW STREAMS;\", \"streamsProperties\": {\"nope\": 1}}", 40000,
                        "'nope'"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW STREAMS;\", \"streamsProperties\": {\"a\": [1]}}", 40000,
                        "[1]"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW STREAMS;\", \"commandSequenceNumber\": \"x\"}", 40000,
                        "commandSequenceNumber"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW STREAMS;\\n SHOW STREEMS;\"}", 40001, "line 2:7"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW STREAMS\"}", 40001, "missing ';'"),
                Arguments.of("/ksql", "{\"ksql\": \"DESCRIBE s;\"}", 40001, "S does not exist"),
                Arguments.of("/ksql", "{\"ksql\": \"EXPLAIN q;\"}", 40001, "Query with id:Q does not exist"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW STREAMS; SELECT * FROM s;\"}", 40002, "/query-stream"),
                Arguments.of("/ksql", "{\"ksql\": \"PRINT s;\"}", 40002, "/query"),
                Arguments.of("/ksql", "{\"ksql\": \"SHOW CONNECTORS;\"}", 40001, "not supported here"),
                Arguments.of("/query-stream", "{\"sql\": \"SHOW STREAMS;\"}", 40001, "/ksql"),
                Arguments.of("/query", "{\"ksql\": \"SELECT 1 FROM s; SELECT 1 FROM s;\"}", 40001, "2 statements"),
                Arguments.of("/close-query", "{\"queryId\": \"nobody\"}", 40000, "nobody"),
                Arguments.of("/close-query", "{}", 40000, "queryId"),
                Arguments.of("/inserts-stream", "", 40000, "The body is empty"),
                Arguments.of("/inserts-stream", "{\"to\": \"s\"}\n", 40000, "has to name the stream"),
                Arguments.of("/inserts-stream", "{\"target\": \"s\"}\n{}", 40000, "S does not exist"),
                Arguments.of("/ksql/terminate", "{}", 40400, "not supported here"),
                Arguments.of("/nowhere", "{}", 40400, "There are: /close-query"));
    }

    @ParameterizedTest
    @MethodSource
    void refused(String path, String body, int code, String part) throws Exception {
        HttpResponse<String> response = client.post(path, body, "Content-Type", "application/json");
        JsonNode error = json(response);
        assertEquals(code, error.get("error_code").asInt(), response.body());
        assertEquals(code / 100, response.statusCode());
        assertTrue(error.get("message").asText().contains(part), response.body());
        boolean statement = error.has("statementText");
        assertEquals(statement ? "statement_error" : "generic_error", error.get("@type").asText());
    }

    @Test
    void aFailureNamesItsStatementAndWhatWasDoneBefore() throws Exception {
        JsonNode error = json(client.ksql(
                "SHOW STREAMS; SET 'auto.offset.reset' = 'latest'; SHOW TABLES; DESCRIBE s;"));
        assertEquals("DESCRIBE s;", error.get("statementText").asText());
        assertEquals("[\"streams\",\"tables\"]",
                Json.MAPPER.valueToTree(error.get("entities").findValuesAsText("@type")).toString());
    }

    @Test
    void aMethodThatIsNotTaken() throws Exception {
        HttpResponse<String> response = client.get("/ksql");
        assertEquals(405, response.statusCode());
        assertEquals("POST", response.headers().firstValue("Allow").orElseThrow());
        assertEquals(40500, json(response).get("error_code").asInt());
    }

    @Test
    void contentTypesThatAreNotUnderstood() throws Exception {
        String body = "{\"ksql\": \"SHOW STREAMS;\"}";
        assertEquals(41500, json(client.post("/ksql", body, "Content-Type", "text/xml")).get("error_code").asInt());
        assertEquals(40600, json(client.post("/ksql", body, "Accept", "text/html")).get("error_code").asInt());
        HttpResponse<String> preferred = client.post("/ksql", body, "Accept",
                "text/html, application/vnd.ksql.v1+json; q=0.9, application/json; q=0.5");
        assertEquals(Exchange.KSQL_JSON, preferred.headers().firstValue("Content-Type").orElseThrow());
    }

    @Test
    void aBodyThatIsTooLarge() throws Exception {
        HttpResponse<String> response = client.post("/ksql", "x".repeat(Exchange.LIMIT + 1));
        assertEquals(413, response.statusCode());
        assertEquals(41300, json(response).get("error_code").asInt());
    }

    @Test
    void whatIsNoProperRequestIsAnsweredInJsonToo() throws Exception {
        HttpResponse<String> response = client.send(client.request("/info").header("Much", "x".repeat(20_000)).GET());
        assertEquals(431, response.statusCode());
        assertEquals(43100, json(response).get("error_code").asInt());
    }

    @Test
    void onlyPlainHttpIsListenedTo() {
        KsqlException error = Assertions.assertThrows(KsqlException.class, () ->
                new RestServer(List.of(URI.create("https://127.0.0.1:1")), new Router(), new RunningQueries()));
        assertTrue(error.getMessage().contains("https://127.0.0.1:1"));
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        RestServer second = new RestServer(List.of(URI.create("http://127.0.0.1:" + client.port())), new Router(),
                new RunningQueries());
        KsqlException error = Assertions.assertThrows(KsqlException.class, second::start);
        assertTrue(error.getMessage().contains(String.valueOf(client.port())), error.getMessage());
    }

    // -- Statements that need no broker ------------------------------------------------------------

    @Test
    void nothingIsThereYet() throws Exception {
        assertEquals("[{\"@type\":\"streams\",\"statementText\":\"SHOW STREAMS;\",\"streams\":[],\"warnings\":[]},"
                + "{\"@type\":\"tables\",\"statementText\":\"LIST TABLES;\",\"tables\":[],\"warnings\":[]},"
                + "{\"@type\":\"queries\",\"statementText\":\"SHOW QUERIES;\",\"queries\":[],\"warnings\":[]}]",
                client.ksql("SHOW STREAMS; LIST TABLES; SHOW QUERIES;").body());
    }

    @Test
    void variablesHoldForTheStatementsBehindThem() throws Exception {
        JsonNode shown = json(client.post("/ksql",
                "{\"ksql\": \"DEFINE b = '${a}y'; SHOW VARIABLES; UNDEFINE a; SHOW VARIABLES;\","
                + " \"sessionVariables\": {\"a\": \"x\"}}"));
        assertEquals("[{\"name\":\"a\",\"value\":\"x\"},{\"name\":\"b\",\"value\":\"xy\"}]",
                shown.get(0).get("variables").toString());
        assertEquals("[{\"name\":\"b\",\"value\":\"xy\"}]", shown.get(1).get("variables").toString());
    }

    @Test
    void propertiesOfTheRequestAreShownAndPasswordsAreNot() throws Exception {
        JsonNode shown = json(client.ksql("SHOW PROPERTIES; SET 'auto.offset.reset' = 'earliest'; SHOW PROPERTIES;"
                + " UNSET 'auto.offset.reset'; SHOW PROPERTIES;"));
        assertEquals("[]", shown.get(0).get("overwrittenProperties").toString());
        assertEquals("[\"ksql.streams.auto.offset.reset\"]", shown.get(1).get("overwrittenProperties").toString());
        assertEquals("[]", shown.get(2).get("overwrittenProperties").toString());
        assertFalse(shown.toString().contains("hush"));
        JsonNode property = property(shown.get(1), "ksql.streams.auto.offset.reset");
        assertEquals("earliest", property.get("value").asText());
        assertTrue(property.get("editable").asBoolean());
        assertFalse(property(shown.get(1), "bootstrap.servers").get("editable").asBoolean());
    }

    private static JsonNode property(JsonNode shown, String name) {
        for (JsonNode property : shown.get("properties")) {
            if (property.get("name").asText().equals(name)) {
                return property;
            }
        }
        throw new AssertionError(name + " is not shown");
    }

    @Test
    void everyFunctionThatIsShownCanBeDescribed() throws Exception {
        JsonNode functions = json(client.ksql("SHOW FUNCTIONS;")).get(0).get("functions");
        StringBuilder describe = new StringBuilder();
        functions.forEach(function ->
                describe.append("DESCRIBE FUNCTION ").append(function.get("name").asText()).append(";\n"));
        JsonNode described = json(client.ksql(describe.toString()));
        assertEquals(functions.size(), described.size(), described.toString());
        described.forEach(function -> assertFalse(function.get("functions").isEmpty(), function.toString()));
    }

    @Test
    void aRequestIsServedWhileAnotherIsSent() throws Exception {
        HttpRequest.BodyPublisher slow = HttpRequest.BodyPublishers.fromPublisher(subscriber -> { });
        var hanging = client.http().sendAsync(client.request("/ksql").POST(slow).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, client.get("/info").statusCode());
        hanging.cancel(true);
    }
}
