package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import labkit.ksql.KsqlException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.api.io.TempDir;

class ServerConfigTest {
    @TempDir
    private Path folder;

    private ServerConfig load(String lines, Map<String, String> environment) throws IOException {
        return ServerConfig.load(Files.writeString(folder.resolve("server.properties"), lines), environment);
    }

    @Test
    void theEnvironmentWinsOverTheFile() throws IOException {
        ServerConfig config = load("listeners=http://0.0.0.0:1\nksql.service.id=file_\nbootstrap.servers=a:1",
                Map.of("KSQL_LISTENERS", "http://127.0.0.1:2", "KSQL_KSQL_STREAMS_NUM_STREAM_THREADS", "3",
                "KSQL_HEAP_OPTS", "-Xmx1g"));
        assertEquals(2, config.listeners().getFirst().getPort());
        assertEquals("file_", config.serviceId());
        assertEquals("a:1", config.bootstrapServers());
        assertEquals("3", config.streams().get("num.stream.threads"));
        assertTrue(config.all().keySet().stream().noneMatch(name -> name.contains("heap")));
    }

    @Test
    void valuesMayNameVariables() throws IOException {
        assertEquals("kafka:9092", load("bootstrap.servers=${env:BROKER}", Map.of("BROKER", "kafka:9092"))
                .bootstrapServers());
        assertTrue(assertThrows(KsqlException.class, () -> load("bootstrap.servers=${env:NONE}", Map.of())).getMessage()
                .contains("NONE"));
    }

    @Test
    void namesOfThingsBeginWithTheServiceId() {
        ServerConfig config = ServerConfig.of(Map.of("ksql.service.id", "lab_"));
        assertEquals("_confluent-ksql-lab_query_CTAS_X_1", PersistentQuery.applicationId(config, "CTAS_X_1"));
        assertEquals("lab_ksql_processing_log", ProcessingLogTopic.topic(config));
    }

    @Test
    void aRequestsPropertiesWinUnderBothTheirNames() {
        ServerConfig config = ServerConfig.of(Map.of("ksql.streams.auto.offset.reset", "latest"));
        assertEquals("earliest", config.withOverrides(Map.of("auto.offset.reset", "earliest")).streams()
                .get("auto.offset.reset"));
        assertEquals("earliest", config.withOverrides(Map.of("ksql.streams.auto.offset.reset", "earliest")).streams()
                .get("auto.offset.reset"));
        assertEquals("latest", config.streams().get("auto.offset.reset"));
    }

    @Test
    void unknownPropertiesAndThoseOfTheServerAreRefused() {
        ServerConfig config = ServerConfig.of(Map.of());
        assertTrue(assertThrows(KsqlException.class, () -> config.withOverrides(Map.of("auto.offset.rest", "earliest")))
                .getMessage().contains("auto.offset.rest"));
        assertTrue(assertThrows(KsqlException.class,
                () -> config.withOverrides(Map.of("ksql.streams.bootstrap.servers", "x:1")))
                .getMessage().contains("Cannot override"));
    }

    @ParameterizedTest
    @CsvSource({"auto.offset.reset,sometimes", "ksql.streams.auto.offset.reset,sometimes",
        "consumer.max.poll.records,many", "max.poll.records,-1"})
    void valuesThatNoClientTakesAreRefused(String name, String value) {
        ServerConfig config = ServerConfig.of(Map.of());
        assertTrue(assertThrows(KsqlException.class, () -> config.withOverrides(Map.of(name, value))).getMessage()
                .contains(value));
    }

    @ParameterizedTest
    @CsvSource({"auto.offset.reset,latest", "ksql.streams.auto.offset.reset,earliest", "max.poll.records,5"})
    void valuesThatTheyTakeAreTaken(String name, String value) {
        ServerConfig.of(Map.of()).withOverrides(Map.of(name, value));
    }

    @Test
    void pushQueriesShowEachChange() {
        ServerConfig config = ServerConfig.of(Map.of("ksql.streams.cache.max.bytes.buffering", "5",
                "ksql.streams.processing.guarantee",
                "exactly_once_v2"));
        QueryLog log = new QueryLog("q", new ProcessingLogTopic(config));
        Properties persistent = StreamsSettings.persistent(config, "a", log);
        assertEquals("5", persistent.get("statestore.cache.max.bytes"));
        assertEquals("exactly_once_v2", persistent.get("processing.guarantee"));
        Properties push = StreamsSettings.transientQuery(config, "a", log);
        assertEquals("0", push.get("statestore.cache.max.bytes"));
        assertEquals("at_least_once", push.get("processing.guarantee"));
    }
}
