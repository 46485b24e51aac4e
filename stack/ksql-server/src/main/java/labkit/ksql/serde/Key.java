package labkit.ksql.serde;

import java.util.Arrays;
import java.util.List;

/** The columns of a record's key. */
public record Key(List<Object> columns) {
    public static Key of(Object... columns) {
        return new Key(Arrays.asList(columns));
    }

    /** True if a column is null, so that the row belongs to no group. */
    public boolean hasNull() {
        return columns.contains(null);
    }
}
