package labkit.ksql.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.type.SqlType;
import org.junit.jupiter.api.Test;

class SchemasTest {
    private static String json(SqlType type) throws Exception {
        return Json.MAPPER.writeValueAsString(Schemas.field(new Column("C", type), null).schema());
    }

    @Test
    void keysAreMarked() throws Exception {
        Schema schema = new Schema(List.of(new Column("ID", SqlType.STRING)), List.of(new Column("V", SqlType.BIGINT)));
        assertEquals("[{\"name\":\"ID\",\"schema\":{\"type\":\"STRING\",\"fields\":null,\"memberSchema\":null},"
                + "\"type\":\"KEY\"},"
                + "{\"name\":\"V\",\"schema\":{\"type\":\"BIGINT\",\"fields\":null,\"memberSchema\":null}}]",
                Json.MAPPER.writeValueAsString(Schemas.fields(schema)));
    }

    @Test
    void typesWithinTypes() throws Exception {
        String number = "{\"type\":\"INTEGER\",\"fields\":null,\"memberSchema\":null}";
        assertEquals("{\"type\":\"ARRAY\",\"fields\":null,\"memberSchema\":" + number + "}",
                json(new SqlType.Array(SqlType.INTEGER)));
        assertEquals("{\"type\":\"MAP\",\"fields\":null,\"memberSchema\":" + number + "}",
                json(new SqlType.MapOf(SqlType.STRING, SqlType.INTEGER)));
        assertEquals("{\"type\":\"STRUCT\",\"fields\":[{\"name\":\"N\",\"schema\":" + number
                + "}],\"memberSchema\":null}",
                json(new SqlType.StructOf(List.of(new SqlType.Field("N", SqlType.INTEGER)))));
    }

    @Test
    void decimalsTellTheirSize() {
        Entity.TypeSchema schema = Schemas.field(new Column("C", new SqlType.Decimal(6, 2)), null).schema();
        assertEquals("DECIMAL", schema.type());
        assertEquals(java.util.Map.of("precision", 6, "scale", 2), schema.parameters());
    }
}
