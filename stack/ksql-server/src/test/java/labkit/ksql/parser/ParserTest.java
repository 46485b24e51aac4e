package labkit.ksql.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Query;
import labkit.ksql.ast.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParserTest {
    @Test
    void aTextIsCutAtSemicolonsOutsideOfQuotesAndComments() {
        List<Parser.Chunk> chunks = Parser.split("""
                -- one; two
                DROP STREAM a; /* ; */ SET 'x' = ';';
                  DROP TABLE `b;c`;""");
        assertEquals(List.of("DROP STREAM a;", "SET 'x' = ';';", "DROP TABLE `b;c`;"), chunks.stream().map(Parser.Chunk::text).toList());
        assertEquals("line 3:3", chunks.get(2).at().toString());
    }

    @Test
    void positionsCountLettersOutsideOfTheFirstPlaneOnce() {
        assertEquals("DROP STREAM b;", Parser.split("DROP STREAM `😀`; DROP STREAM b;").get(1).text());
    }

    @Test
    void namesAreUpperCaseUnlessQuoted() {
        assertEquals("ABC", ((Statement.Describe) Parser.parse("DESCRIBE abc;").statement()).name());
        assertEquals("aBc", ((Statement.Describe) Parser.parse("DESCRIBE `aBc`;").statement()).name());
        assertEquals("a`c", ((Statement.Describe) Parser.parse("DESCRIBE `a``c`;").statement()).name());
    }

    @Test
    void variablesAreReplaced() {
        Parser.Chunk chunk = Parser.split("DROP STREAM ${which};").getFirst();
        assertEquals("S", ((Statement.Drop) Parser.parse(chunk, Map.of("WHICH", "s")).statement()).name());
    }

    @Test
    void wordsOfTheLanguageMayBeNames() {
        Query query = assertInstanceOf(Query.class, Parser.parse("SELECT key, topic AS size, s.day FROM session s EMIT CHANGES;").statement());
        assertEquals(3, query.items().size());
        assertEquals("S", query.from().first().alias());
    }

    @Test
    void andBindsTighterThanOrAndBetweenTightest() {
        Query query = (Query) Parser.parse("SELECT * FROM s WHERE a = 1 OR b BETWEEN 2 AND 3 AND NOT c;").statement();
        assertEquals("((A = 1) OR (((B >= 2) AND (B <= 3)) AND (NOT C)))", query.where().toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "SELECT * FORM s;                 | line 1:10: Syntax error at 'FORM'",
        "SELECT * FROM s                  | missing ';' at '<EOF>'",
        "CREATE STREAM s (id INTT);       | line 1:21: Cannot resolve unknown type: INTT",
        "CREATE STREAM s (id DECIMAL);    | DECIMAL needs a precision and a scale",
        "SELECT 99999999999999999999 FROM s; | does not fit into a BIGINT",
        "SELECT CASE a WHEN 1 THEN 2 END FROM s; | Only the searched form",
        "DROP STREAM 1a;                  | cannot begin with a digit",
        "FROBNICATE;                      | line 1:1: Syntax error at 'FROBNICATE'",
    })
    void whatIsWrongIsNamedWithItsPlace(String statement, String expected) {
        KsqlException error = assertThrows(KsqlException.class, () -> Parser.parse(statement));
        assertTrue(error.getMessage().contains(expected), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "ALTER STREAM s ADD COLUMN x INT;", "ASSERT TOPIC x;", "RUN SCRIPT 'x';", "CREATE TYPE t AS INT;", "SHOW CONNECTORS;",
        "CREATE SOURCE CONNECTOR c WITH ('a' = 'b');", "SELECT TRANSFORM(a, x => x + 1) FROM s;", "CREATE STREAM s (h BYTES HEADERS);",
    })
    void whatOnlyKsqlDbHasIsSaidToBe(String statement) {
        KsqlException error = assertThrows(KsqlException.class, () -> Parser.parse(statement));
        assertTrue(error.getMessage().contains("not supported here; ksqlDB has it"), error.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT * FROM s EMIT CHANGES LIMIT 99999999999;", "PRINT t LIMIT 99999999999;",
        "CREATE STREAM s (d DECIMAL(99999999999, 1)) WITH (KAFKA_TOPIC='t', FORMAT='JSON');",
        "SELECT COUNT(*) FROM s WINDOW TUMBLING (SIZE 999999999999999999 DAYS) GROUP BY a EMIT CHANGES;"})
    void aNumberOutOfRangeIsNoStatement(String statement) {
        assertTrue(assertThrows(SyntaxException.class, () -> Parser.parse(statement)).getMessage().contains("out of range"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "ABS(", "ARRAY[", "CASE WHEN true THEN ", "STRUCT(a := ", "m["})
    void bracketsInBracketsAreCountedBeforeTheyTakeAllTheMemory(String open) {
        String message = assertThrows(SyntaxException.class,
                () -> Parser.parse("SELECT " + open.repeat(2_000) + "1;")).getMessage();
        assertTrue(message.contains("nested too deeply"), message);
    }

    @Test
    void bracketsSideBySideAreNotDeep() {
        Parser.parse("SELECT (1)" + " + ABS(a[1])".repeat(100) + " AS x, CASE WHEN true THEN 1 END AS y FROM s;");
    }

    @Test
    void whatIsNestedTooDeeplyIsNoStatement() {
        assertThrows(SyntaxException.class, () -> Parser.parse("SELECT 1" + " + 1".repeat(20_000) + " FROM s;"));
    }
}
