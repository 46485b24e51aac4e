package labkit.ksql.topology;

import java.time.Duration;
import java.util.Set;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.serde.Key;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorContext;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.StoreBuilder;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.state.TimestampedKeyValueStore;
import org.apache.kafka.streams.state.TimestampedWindowStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/**
 * Keeps the rows of a table, so that one that leaves it (its condition does not hold any more) is followed by a
 * tombstone, and one that never was in it by nothing. Pull queries read from here, too.
 */
record ResultTable(String store, WindowSpec window, Duration retention, Serde<Key> keys, Serde<Object[]> rows)
        implements FixedKeyProcessorSupplier<Object, Object[], Object[]> {

    @Override
    public Set<StoreBuilder<?>> stores() {
        if (window == null) {
            return Set.of(Stores.timestampedKeyValueStoreBuilder(Stores.persistentTimestampedKeyValueStore(store), keys, rows));
        }
        if (window.isSession()) {
            return Set.of(Stores.sessionStoreBuilder(Stores.persistentSessionStore(store, retention), keys, rows));
        }
        return Set.of(Stores.timestampedWindowStoreBuilder(
                Stores.persistentTimestampedWindowStore(store, retention, window.size(), false), keys, rows));
    }

    @Override
    public FixedKeyProcessor<Object, Object[], Object[]> get() {
        return new Keeper();
    }

    private final class Keeper implements FixedKeyProcessor<Object, Object[], Object[]> {
        private FixedKeyProcessorContext<Object, Object[]> context;
        private Object table;

        @Override
        public void init(FixedKeyProcessorContext<Object, Object[]> context) {
            this.context = context;
            table = context.getStateStore(store);
        }

        @Override
        public void process(FixedKeyRecord<Object, Object[]> record) {
            boolean wasThere = record.key() != null && replace(record.key(), record.value(), record.timestamp());
            if (record.key() != null && (record.value() != null || wasThere)) {
                context.forward(record);
            }
        }

        /** Writes a row or takes it away, and returns whether there was one. */
        @SuppressWarnings("unchecked")
        private boolean replace(Object key, Object[] row, long timestamp) {
            ValueAndTimestamp<Object[]> value = ValueAndTimestamp.make(row, timestamp);
            if (window == null) {
                var rows = (TimestampedKeyValueStore<Key, Object[]>) table;
                boolean wasThere = rows.get((Key) key) != null;
                rows.put((Key) key, value);
                return wasThere;
            }
            Windowed<Key> windowed = (Windowed<Key>) key;
            long start = windowed.window().start();
            if (window.isSession()) {
                var sessions = (SessionStore<Key, Object[]>) table;
                boolean wasThere = sessions.fetchSession(windowed.key(), start, windowed.window().end()) != null;
                sessions.put(windowed, row);
                return wasThere;
            }
            var windows = (TimestampedWindowStore<Key, Object[]>) table;
            boolean wasThere = windows.fetch(windowed.key(), start) != null;
            windows.put(windowed.key(), value, start);
            return wasThere;
        }
    }
}
