package labkit.ksql.engine;

import java.util.List;

/** A row of a result; of a tombstone only the key's columns are not null. */
public record Row(List<Object> values, boolean tombstone) {}
