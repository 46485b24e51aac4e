package labkit.ksql.type;

import java.util.List;

/** A value of type STRUCT: one object (or null) for each field of its type, in order. */
public record Struct(SqlType.StructOf type, List<Object> values) {
    public Object get(String field) {
        return values.get(type.indexOf(field));
    }
}
