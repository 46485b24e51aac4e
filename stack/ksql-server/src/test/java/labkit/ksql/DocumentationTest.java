package labkit.ksql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import labkit.ksql.aggregate.AggregateFunction;
import labkit.ksql.aggregate.Aggregates;
import labkit.ksql.function.Functions;
import labkit.ksql.function.ScalarFunction;
import org.junit.jupiter.api.Test;

/** docs/ksql.md lists exactly the functions that there are. */
class DocumentationTest {
    private static List<String> listed(String before) throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("docs/ksql.md"))) {
            root = root.getParent();
        }
        var found = Pattern.compile(before + ": `([^`]*)`").matcher(Files.readString(root.resolve("docs/ksql.md")));
        return found.find() ? List.of(found.group(1).split("\\s+")) : List.of();
    }

    @Test
    void theFunctionsOfOneRow() throws IOException {
        assertEquals(List.copyOf(new TreeSet<>(Functions.all().stream().map(ScalarFunction::name).toList())), listed("Of one row"));
    }

    @Test
    void theFunctionsOfManyRows() throws IOException {
        assertEquals(List.copyOf(new TreeSet<>(Aggregates.all().stream().map(AggregateFunction::name).toList())), listed("Of many rows"));
    }
}
