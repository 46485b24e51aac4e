package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.stream.Stream;
import labkit.ksql.KsqlException;
import labkit.ksql.parser.Parser;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.TestFactory;

/** The cases in src/test/resources/cases, each in memory: no broker, every record at once. */
class ConformanceTest {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

    /** One case as it is written in the file. {@code only} names the runner that it needs, if it is not for all. */
    record Case(String name, String why, boolean unsure, String only, String statements, List<InMemory.Record> inputs,
            List<InMemory.Record> outputs, JsonNode error, JsonNode pull, Map<String, Object> properties) {}

    @TestFactory
    Stream<DynamicNode> cases() throws Exception {
        Path folder = Path.of(ConformanceTest.class.getResource("/cases").toURI());
        List<Path> files;
        try (Stream<Path> list = Files.list(folder)) {
            files = list.filter(path -> path.toString().endsWith(".yaml")).sorted().toList();
        }
        return files.stream().map(file -> DynamicContainer.dynamicContainer(file.getFileName().toString(),
                read(file).stream().map(one -> DynamicTest.dynamicTest(one.name(), () -> run(one)))));
    }

    private static List<Case> read(Path file) {
        try {
            return YAML.readerFor(new TypeReference<List<Case>>() {}).readValue(file.toFile());
        } catch (IOException error) {
            throw new IllegalStateException(file + ": " + error.getMessage(), error);
        }
    }

    private static void run(Case test) {
        assumeTrue(test.only() == null, "needs a server");
        try (InMemory server = new InMemory()) {
            if (test.error() != null) {
                String message = assertThrows(KsqlException.class, () -> execute(server, test)).getMessage();
                for (JsonNode text : test.error().get("message")) {
                    assertTrue(message.toUpperCase(Locale.ROOT).contains(text.asText().toUpperCase(Locale.ROOT)),
                            message + "\n  lacks: " + text.asText());
                }
                return;
            }
            execute(server, test);
            for (InMemory.Record input : test.inputs() == null ? List.<InMemory.Record>of() : test.inputs()) {
                server.send(input);
            }
            if (test.outputs() == null) {
                return;
            }
            for (String topic : test.outputs().stream().map(InMemory.Record::topic).distinct().toList()) {
                List<InMemory.Record> expected = test.outputs().stream().filter(r -> r.topic().equals(topic)).toList();
                List<InMemory.Written> written = server.written(topic);
                StringJoiner shown = new StringJoiner("\n");
                for (int i = 0; i < written.size(); i++) {
                    shown.add(written.get(i).shownLike(expected.get(Math.min(i, expected.size() - 1))));
                }
                assertEquals(String.join("\n", expected.stream().map(InMemory.Record::shown).toList()), shown.toString());
            }
        }
    }

    private static void execute(InMemory server, Case test) {
        for (Parser.Chunk chunk : Parser.split(test.statements())) {
            server.execute(Parser.parse(chunk, Map.of()));
        }
    }
}
