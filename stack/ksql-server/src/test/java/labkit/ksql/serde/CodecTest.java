package labkit.ksql.serde;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.catalog.Column;
import labkit.ksql.type.SqlType;
import labkit.ksql.type.Struct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodecTest {
    private static final SqlType.StructOf STRUCT = new SqlType.StructOf(List.of(
            new SqlType.Field("A", SqlType.INTEGER), new SqlType.Field("B", new SqlType.Array(SqlType.STRING))));
    private static final Map<SqlType, Object> ONE_OF_EACH = new LinkedHashMap<>();

    static {
        ONE_OF_EACH.put(SqlType.BOOLEAN, true);
        ONE_OF_EACH.put(SqlType.INTEGER, -7);
        ONE_OF_EACH.put(SqlType.BIGINT, Long.MIN_VALUE);
        ONE_OF_EACH.put(SqlType.DOUBLE, 0.1);
        ONE_OF_EACH.put(new SqlType.Decimal(30, 4), new BigDecimal("12345678901234567890.1230"));
        ONE_OF_EACH.put(SqlType.STRING, "Grüße, \"you\"\n😀");
        ONE_OF_EACH.put(SqlType.BYTES, ByteBuffer.wrap(new byte[] {0, -1, 5}));
        ONE_OF_EACH.put(SqlType.TIMESTAMP, Instant.ofEpochMilli(1_700_000_000_123L));
        ONE_OF_EACH.put(SqlType.DATE, LocalDate.of(2024, 2, 29));
        ONE_OF_EACH.put(SqlType.TIME, LocalTime.of(23, 59, 59, 999_000_000));
        ONE_OF_EACH.put(new SqlType.Array(SqlType.INTEGER), new ArrayList<>(Arrays.asList(1, null, 3)));
        ONE_OF_EACH.put(new SqlType.MapOf(SqlType.STRING, SqlType.DOUBLE), new LinkedHashMap<>(Map.of("x", 1.5)));
        ONE_OF_EACH.put(STRUCT, new Struct(STRUCT, Arrays.asList(4, Arrays.asList("p", null))));
    }

    private static List<Column> columns() {
        List<Column> columns = new ArrayList<>();
        ONE_OF_EACH.keySet().forEach(type -> columns.add(new Column("C" + columns.size(), type)));
        return columns;
    }

    @Test
    void whatIsWrittenIsReadBackInEveryType() throws IOException {
        Object[] row = ONE_OF_EACH.values().toArray();
        RowCodec internal = new InternalCodec(List.copyOf(ONE_OF_EACH.keySet()));
        assertArrayEquals(row, internal.decode(internal.encode(row)));
        RowCodec json = new JsonCodec(columns(), false);
        assertArrayEquals(row, json.decode(json.encode(row)));
    }

    @Test
    void nullsAreReadBackInEveryType() throws IOException {
        Object[] row = new Object[ONE_OF_EACH.size()];
        RowCodec internal = new InternalCodec(List.copyOf(ONE_OF_EACH.keySet()));
        assertArrayEquals(row, internal.decode(internal.encode(row)));
        RowCodec json = new JsonCodec(columns(), false);
        assertArrayEquals(row, json.decode(json.encode(row)));
    }

    @Test
    void delimitedColumnsAreQuotedWhereTheyMustBe() throws IOException {
        RowCodec codec = new DelimitedCodec(List.of(new Column("A", SqlType.STRING), new Column("B", SqlType.INTEGER)), '|');
        assertEquals("\"x|y\"|5", new String(codec.encode(new Object[] {"x|y", 5}), StandardCharsets.UTF_8));
        assertArrayEquals(new Object[] {"x|y", 5}, codec.decode("\"x|y\"| 5 ".getBytes(StandardCharsets.UTF_8)));
        assertArrayEquals(new Object[] {null, null}, codec.decode("|".getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aSingleJsonColumnAloneIsNoObject() throws IOException {
        RowCodec codec = Format.JSON_KEY.codec(List.of(new Column("K", SqlType.STRING)), true);
        assertEquals("\"x\"", new String(codec.encode(new Object[] {"x"}), StandardCharsets.UTF_8));
        assertNull(codec.encode(new Object[] {null}));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', value = {
        "{\"n\": \"three\"}   | For input string",
        "{\"n\": true}        | not INTEGER: true",
        "{\"n\": 3000000000}  | out of range of int",
        "{\"n\": [1]}         | not INTEGER",
        "{\"n\": 1            | end-of-input",
        "[1]                  | a JSON object is expected",
        "{\"n\": 1} 2         | something behind the JSON",
    })
    void badJsonIsRefusedWithTheReason(String text, String expected) {
        RowCodec codec = new JsonCodec(List.of(new Column("N", SqlType.INTEGER)), false);
        IOException error = assertThrows(IOException.class, () -> codec.decode(text.getBytes(StandardCharsets.UTF_8)));
        assertTrue(error.getMessage().contains(expected), error.getMessage());
    }
}
