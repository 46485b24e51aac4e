package labkit.ksql.catalog;

import labkit.ksql.type.SqlType;

public record Column(String name, SqlType type) {
    @Override
    public String toString() {
        return "`" + name + "` " + type;
    }
}
