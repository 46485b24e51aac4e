package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Statement.CreateSource;
import labkit.ksql.ast.Statement.InsertValues;
import labkit.ksql.catalog.Source;
import labkit.ksql.parser.Parser;
import labkit.ksql.plan.Declarations;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InsertionTest {
    private static Source source(String sql) {
        return Declarations.source((CreateSource) Parser.parse(sql).statement(), sql,
                new Declarations.Defaults("KAFKA", "JSON"));
    }

    private static final Source STREAM =
            source("CREATE STREAM s (id STRING KEY, n BIGINT, price DECIMAL(6, 2), at TIMESTAMP, `low` STRING)"
            + " WITH (KAFKA_TOPIC='s');");
    private static final Source TABLE = source("CREATE TABLE t (id STRING PRIMARY KEY, n INT) WITH (KAFKA_TOPIC='t');");

    private static ProducerRecord<byte[], byte[]> insert(Source target, String rest) {
        return Insertion.of(target, (InsertValues) Parser.parse("INSERT INTO " + target.name() + " " + rest + ";")
                .statement());
    }

    private static String text(byte[] bytes) {
        return bytes == null ? null : new String(bytes);
    }

    @Test
    void valuesBecomeTheTypesOfTheirColumns() {
        var record = insert(STREAM, "(ROWTIME, id, n, price, at) VALUES (5, 'a', 1 + 1, 7.5, '1970-01-01T00:00:01')");
        assertEquals(5, record.timestamp());
        assertEquals("a", text(record.key()));
        assertEquals("{\"N\":2,\"PRICE\":7.50,\"AT\":1000,\"low\":null}", text(record.value()));
    }

    @Test
    void withoutNamesAllColumnsAreMeantInOrder() {
        assertEquals("{\"N\":3}", text(insert(TABLE, "VALUES ('a', 3)").value()));
    }

    @Test
    void aStreamsKeyMayBeLeftOut() {
        assertNull(insert(STREAM, "(n) VALUES (1)").key());
    }

    @Test
    void jsonRowsAreReadAsTheirColumns() throws IOException {
        Map<String, JsonNode> row = new HashMap<>();
        new ObjectMapper().readTree("{\"id\": \"a\", \"N\": 4, \"price\": \"1.5\", \"`low`\": \"x\"}").properties()
                .forEach(field -> row.put(field.getKey(), field.getValue()));
        assertEquals("{\"N\":4,\"PRICE\":1.50,\"AT\":null,\"low\":\"x\"}", text(Insertion.of(STREAM, row).value()));
        assertTrue(assertThrows(KsqlException.class, () -> Insertion.of(STREAM,
                Map.of("n", new ObjectMapper().readTree("\"x\""))))
                .getMessage().contains("`N` BIGINT"));
        assertTrue(assertThrows(KsqlException.class, () -> Insertion.of(STREAM,
                Map.of("nope", new ObjectMapper().readTree("1"))))
                .getMessage().contains("NOPE"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            (id, nope) VALUES ('a', 1)    | NOPE
            (id, n) VALUES ('a')          | same number
            (id, n) VALUES ('a', 'x')     | BIGINT is expected
            (id, price) VALUES ('a', 12345.5) | overflow
            (id, id) VALUES ('a', 'b')    | twice
            VALUES ('a', 1)               | Expected columns
            (ROWTIME, n) VALUES (-1, 1)   | negative
            """)
    void whatDoesNotFitIsExplained(String rest, String expected) {
        String message = assertThrows(KsqlException.class, () -> insert(STREAM, rest)).getMessage();
        assertTrue(message.contains(expected), message);
    }

    @Test
    void someSourcesTakeNoRows() {
        assertTrue(assertThrows(KsqlException.class, () -> insert(TABLE, "(n) VALUES (1)")).getMessage()
                .contains("primary key column(s) ID"));
        Source windowed = source("CREATE STREAM w (id STRING KEY, n INT) WITH (KAFKA_TOPIC='w', WINDOW_TYPE='SESSION');");
        assertTrue(assertThrows(KsqlException.class, () -> insert(windowed, "VALUES ('a', 1)")).getMessage()
                .contains("windowed"));
        Source readOnly = source("CREATE SOURCE STREAM r (id STRING KEY, n INT) WITH (KAFKA_TOPIC='r');");
        assertTrue(assertThrows(KsqlException.class, () -> insert(readOnly, "VALUES ('a', 1)")).getMessage()
                .contains("read-only"));
    }
}
