package labkit.ksql.topology;

import java.util.function.Function;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.serde.Key;
import org.apache.kafka.common.serialization.Serde;

/**
 * The state store in which a query keeps its table, and how to read rows of the result from it.
 *
 * <p>The store is a TimestampedKeyValueStore&lt;Key, Object[]&gt; if {@code window} is null, a
 * TimestampedWindowStore&lt;Key, Object[]&gt; for TUMBLING and HOPPING, and a SessionStore&lt;Key, Object[]&gt; for SESSION.
 *
 * @param keys how its keys are serialized (to find the server and the partition that hold one)
 * @param result makes a row of the result (the plan's outputs in the order of the SELECT), or null if there is none
 */
public record Materialization(String store, WindowSpec window, Serde<Key> keys, Function<Stored, Object[]> result) {
    /** An entry of the store; bounds and time in milliseconds since 1970, bounds 0 if there is no window. */
    public record Stored(Key key, Object[] value, long timestamp, long windowStart, long windowEnd) {}
}
