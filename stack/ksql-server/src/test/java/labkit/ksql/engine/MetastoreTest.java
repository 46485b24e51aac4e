package labkit.ksql.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.Set;
import labkit.ksql.KsqlException;
import org.junit.jupiter.api.Test;

/** What the command log comes to, without any broker. */
class MetastoreTest {
    private static final String SALES =
            "CREATE STREAM sales (id STRING KEY, qty INT) WITH (KAFKA_TOPIC='sales', VALUE_FORMAT='JSON');";
    private final Metastore metastore = new Metastore();
    private long next;

    private CommandResult apply(String statement) {
        Command written = new Command(Command.VERSION, statement, Map.of());
        return metastore.apply(next++, Command.read(written.write()));
    }

    private String refused(String statement) {
        return assertThrows(KsqlException.class, () -> apply(statement)).getMessage();
    }

    private List<String> queries() {
        return metastore.queries().stream().map(QueryDefinition::id).toList();
    }

    @Test
    void idsAreMadeOfThePlaceInTheLog() {
        apply(SALES);
        assertEquals("CSAS_BIG_1", apply("CREATE STREAM big AS SELECT * FROM sales WHERE qty > 9;").queryId());
        assertEquals("CTAS_N_2", apply("CREATE TABLE n AS SELECT id, COUNT(*) AS n FROM sales GROUP BY id;").queryId());
        assertEquals("INSERTQUERY_3", apply("INSERT INTO big SELECT * FROM sales WHERE qty < 0;").queryId());
        assertEquals(List.of("CSAS_BIG_1", "CTAS_N_2", "INSERTQUERY_3"), queries());
    }

    @Test
    void whatWasDroppedOrTerminatedIsNotLeft() {
        apply(SALES);
        apply("CREATE TABLE n AS SELECT id, COUNT(*) AS n FROM sales GROUP BY id;");
        apply("CREATE STREAM big AS SELECT * FROM sales WHERE qty > 9;");
        apply("TERMINATE CSAS_BIG_2;");
        apply("DROP TABLE n;");
        assertTrue(queries().isEmpty());
        assertEquals(Set.of("CTAS_N_1", "CSAS_BIG_2"), metastore.ended());
        assertEquals(List.of("BIG", "SALES"), metastore.catalog().all().stream().map(source -> source.name()).toList());
    }

    @Test
    void aCommandThatCannotBeDoneChangesNothing() {
        apply(SALES);
        assertEquals("Cannot add stream 'SALES': A stream with the same name already exists", refused(SALES));
        assertTrue(refused("CREATE STREAM x AS SELECT nope FROM sales;").contains("NOPE"));
        assertTrue(metastore.catalog().find("X").isEmpty());
    }

    @Test
    void ifNotExistsIsContentWithWhatThereIs() {
        apply(SALES);
        CommandResult result = apply(SALES.replace("STREAM sales", "STREAM IF NOT EXISTS sales"));
        assertEquals("SUCCESS", result.status());
        assertEquals(-1, result.sequenceNumber());
    }

    @Test
    void aSourceThatQueriesUseCannotBeDropped() {
        apply(SALES);
        apply("CREATE STREAM big AS SELECT * FROM sales WHERE qty > 9;");
        apply("INSERT INTO big SELECT * FROM sales;");
        assertTrue(refused("DROP STREAM sales;").contains("read from this source: [CSAS_BIG_1, INSERTQUERY_2]"));
        assertTrue(refused("DROP STREAM big;").contains("write into this source: [INSERTQUERY_2]"));
        assertTrue(refused("DROP TABLE big;").contains("Incompatible data source type is STREAM"));
        assertTrue(refused("DROP STREAM none;").contains("NONE does not exist"));
        assertEquals(-1, apply("DROP STREAM IF EXISTS none;").sequenceNumber());
    }

    @Test
    void onlyASourceThatNobodyUsesCanBeReplaced() {
        apply(SALES);
        String wider = SALES.replace("CREATE", "CREATE OR REPLACE").replace("qty INT", "qty INT, town STRING");
        assertEquals("Stream replaced", apply(wider).message());
        assertEquals(3, metastore.catalog().get("SALES").schema().columns().size());
        apply("CREATE STREAM big AS SELECT * FROM sales WHERE qty > 9;");
        assertTrue(refused(wider).contains("CSAS_BIG_2"));
        assertTrue(refused("CREATE OR REPLACE STREAM big AS SELECT * FROM sales;").contains("not supported here"));
    }

    @Test
    void aQueryStaysPausedUntilItIsResumed() {
        apply(SALES);
        apply("CREATE STREAM big AS SELECT * FROM sales WHERE qty > 9;");
        apply("PAUSE CSAS_BIG_1;");
        assertTrue(metastore.query("CSAS_BIG_1").orElseThrow().paused());
        apply("RESUME ALL;");
        assertEquals(false, metastore.query("CSAS_BIG_1").orElseThrow().paused());
        assertTrue(refused("PAUSE nope;").contains("CSAS_BIG_1"));
    }

    @Test
    void aCopyIsTriedWithoutHarm() {
        apply(SALES);
        metastore.copy().apply(next, new Command(Command.VERSION, "DROP STREAM sales;", Map.of()));
        assertTrue(metastore.catalog().find("SALES").isPresent());
    }

    @Test
    void theResultGoesToATopicWithThePrefixThatWasInForce() {
        apply(SALES);
        metastore.apply(next++, new Command(Command.VERSION, "CREATE STREAM big AS SELECT * FROM sales;",
                Map.of("ksql.output.topic.name.prefix", "out_")));
        assertEquals("out_BIG", metastore.catalog().get("BIG").topic());
    }

    @Test
    void aCommandOfANewerFormatIsRefused() {
        assertTrue(assertThrows(KsqlException.class,
                () -> Command.read("{\"version\": 99, \"statement\": \"x\"}".getBytes()))
                .getMessage().contains("newer server"));
        assertTrue(assertThrows(KsqlException.class, () -> Command.read("nonsense".getBytes())).getMessage()
                .contains("not a command"));
    }
}
