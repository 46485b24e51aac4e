package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Query;
import labkit.ksql.catalog.Column;
import labkit.ksql.parser.Parser;
import labkit.ksql.serde.Key;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a pull query looks: keys and windows that its WHERE allows. */
class PullPlanTest {
    private final Metastore metastore = new Metastore();

    @BeforeEach
    void tables() {
        List.of("CREATE STREAM s (id STRING KEY, n INT, town STRING) WITH (KAFKA_TOPIC='s', VALUE_FORMAT='JSON');",
                "CREATE TABLE t AS SELECT id, COUNT(*) AS c FROM s GROUP BY id;",
                "CREATE TABLE two WITH (KEY_FORMAT='JSON') AS SELECT id, town, COUNT(*) AS c FROM s GROUP BY id, town;",
                "CREATE TABLE w AS SELECT id, COUNT(*) AS c FROM s WINDOW TUMBLING (SIZE 10 SECONDS) GROUP BY id;",
                "CREATE TABLE se AS SELECT id, COUNT(*) AS c FROM s WINDOW SESSION (10 SECONDS) GROUP BY id;")
                .forEach(statement -> metastore.apply(metastore.queries().size(), new Command(1, statement, Map.of())));
    }

    private PullPlan plan(String sql) {
        return PullPlan.of(metastore.catalog(), (Query) Parser.parse(sql).statement());
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 2_000, 8_000, 32_000})
    void aLongChainIsPlannedOrRefusedAndNoFaultOfTheServer(int length) {
        try {
            plan("SELECT c FROM t WHERE c = 1" + " AND c = 1".repeat(length) + ";");
        } catch (KsqlException refused) {
            assertTrue(length > 100 && refused.getMessage().contains("too deeply"), refused.getMessage());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            id = 'a'                                    | a
            ('a' = id)                                  | a
            id IN ('a', 'b')                            | a,b
            id = 'a' AND c > 1                          | a
            id = 'a' OR id = 'b'                        | a,b
            (id = 'a' OR id = 'b') AND id IN ('b', 'c') | b
            id = LCASE('A')                             | a
            """)
    void keysThatCanMatch(String where, String keys) {
        assertEquals(List.of(keys.split(",")), plan("SELECT * FROM t WHERE " + where + ";").keys().stream()
                .map(key -> key.columns().getFirst()).toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"c = 1", "id > 'a'", "id = 'a' OR c = 1", "NOT (id = 'a')", "id LIKE 'a%'",
            "id IN ('a', UCASE(id))"})
    void otherConditionsNeedAllRows(String where) {
        assertNull(plan("SELECT * FROM t WHERE " + where + ";").keys());
    }

    @Test
    void allKeyColumnsHaveToBeGiven() {
        assertEquals(List.of(Key.of("a", "x"), Key.of("a", "y")),
                plan("SELECT * FROM two WHERE id = 'a' AND town IN ('x', 'y');").keys());
        assertNull(plan("SELECT * FROM two WHERE id = 'a';").keys());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            WINDOWSTART = 5000                                | 5000  | 5000
            WINDOWSTART >= 5000 AND WINDOWSTART < 9000        | 5000  | 8999
            5000 < WINDOWSTART                                | 5001  | 9223372036854775807
            WINDOWSTART = '1970-01-01T00:00:05'               | 5000  | 5000
            WINDOWEND <= 15000                                | 0     | 5000
            WINDOWEND > '1970-01-01T00:00:15' AND id = 'a'    | 5001  | 9223372036854775807
            WINDOWSTART = 5 OR WINDOWSTART = 9                | 5     | 9
            WINDOWSTART BETWEEN 5 AND 9                       | 5     | 9
            WINDOWSTART > 9 AND WINDOWSTART < 5               | 10    | 4
            WINDOWSTART > 9 OR c = 1                          | 0     | 9223372036854775807
            """)
    void windowsThatCanMatch(String where, long least, long most) {
        assertEquals(new PullPlan.Range(least, most), plan("SELECT * FROM w WHERE " + where + ";").starts());
    }

    @Test
    void theEndOfASessionSaysNothingOfItsStart() {
        assertEquals(PullPlan.Range.ALL, plan("SELECT * FROM se WHERE WINDOWEND < 5000;").starts());
    }

    @Test
    void starMeansKeyWindowAndValue() {
        assertEquals(List.of("ID", "WINDOWSTART", "WINDOWEND", "C"),
                plan("SELECT * FROM w;").plan().columns().stream().map(Column::name).toList());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT id, COUNT(*) FROM t GROUP BY id;                | GROUP BY
            SELECT * FROM s PARTITION BY town;                     | PARTITION BY
            SELECT * FROM s JOIN t ON s.id = t.id;                 | JOIN
            SELECT id, COUNT(*) FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY id; | WINDOW
            """)
    void whatOnlyPushQueriesHaveIsRefused(String sql, String clause) {
        String message = assertThrows(KsqlException.class, () -> plan(sql)).getMessage();
        assertTrue(message.startsWith("Pull queries don't support " + clause), message);
    }
}
