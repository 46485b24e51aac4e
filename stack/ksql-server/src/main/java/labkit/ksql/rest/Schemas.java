package labkit.ksql.rest;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Schema;
import labkit.ksql.type.SqlType;

/** Columns and types as they are described. */
final class Schemas {
    private Schemas() {}

    static List<Entity.Field> fields(Schema schema) {
        return Stream.concat(schema.key().stream().map(column -> field(column, "KEY")),
                schema.value().stream().map(column -> field(column, null))).toList();
    }

    static Entity.Field field(Column column, String role) {
        return new Entity.Field(column.name(), type(column.type()), role);
    }

    private static Entity.TypeSchema type(SqlType type) {
        return switch (type) {
            case SqlType.Primitive primitive -> new Entity.TypeSchema(primitive.name(), null, null, null);
            case SqlType.Decimal decimal -> new Entity.TypeSchema("DECIMAL", null, null,
                    Map.of("precision", decimal.precision(), "scale", decimal.scale()));
            case SqlType.Array array -> new Entity.TypeSchema("ARRAY", null, type(array.element()), null);
            case SqlType.MapOf map -> new Entity.TypeSchema("MAP", null, type(map.value()), null);
            case SqlType.StructOf struct -> new Entity.TypeSchema("STRUCT", struct.fields().stream()
                    .map(field -> new Entity.Field(field.name(), type(field.type()), null)).toList(), null, null);
        };
    }
}
