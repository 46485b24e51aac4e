package labkit.ksql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import labkit.ksql.parser.Parser;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.TestFactory;

/** The cases in src/test/resources/cases, each in memory: no broker, every record at once. */
class ConformanceTest {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    /** One case as it is written in the file. */
    record Case(String name, String why, boolean unsure, String statements, List<InMemory.Record> inputs, List<InMemory.Record> outputs,
            JsonNode error, JsonNode pull, Map<String, Object> properties) {}

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
        try (InMemory server = new InMemory()) {
            if (test.error() != null) {
                KsqlException error = assertThrows(KsqlException.class, () -> execute(server, test));
                for (JsonNode text : test.error().get("message")) {
                    assertTrue(error.getMessage().contains(text.asText()), error.getMessage() + "\n  lacks: " + text.asText());
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
                List<String> expected = new ArrayList<>();
                test.outputs().stream().filter(r -> r.topic().equals(topic)).forEach(r -> expected.add(r.shown()));
                assertEquals(String.join("\n", expected), String.join("\n", server.written(topic)));
            }
        }
    }

    private static void execute(InMemory server, Case test) {
        for (Parser.Chunk chunk : Parser.split(test.statements())) {
            server.execute(Parser.parse(chunk, Map.of()));
        }
    }
}
