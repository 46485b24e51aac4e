package labkit.ksql.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.stream.Stream;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.serde.Key;
import labkit.ksql.topology.Materialization;
import labkit.ksql.topology.Materialization.Stored;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreType;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.ReadOnlySessionStore;
import org.apache.kafka.streams.state.ReadOnlyWindowStore;
import org.apache.kafka.streams.state.ValueAndTimestamp;

/** Reads those entries of a query's store that this server has. */
final class TableReader {
    private final KafkaStreams streams;
    private final Materialization table;

    TableReader(KafkaStreams streams, Materialization table) {
        this.streams = streams;
        this.table = table;
    }

    /** Entries as they come; whoever does not read to the end closes it. */
    static final class Entries implements Iterator<Stored>, AutoCloseable {
        private final Iterator<? extends Iterator<Stored>> parts;
        private final List<AutoCloseable> open;
        private Iterator<Stored> part = List.<Stored>of().iterator();

        private Entries(Iterator<? extends Iterator<Stored>> parts, List<AutoCloseable> open) {
            this.parts = parts;
            this.open = open;
        }

        @Override
        public boolean hasNext() {
            while (!part.hasNext()) {
                close();
                part = List.<Stored>of().iterator();
                if (!parts.hasNext()) {
                    return false;
                }
                part = parts.next();
            }
            return true;
        }

        @Override
        public Stored next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            return part.next();
        }

        @Override
        public void close() {
            open.forEach(one -> {
                try {
                    one.close();
                } catch (Exception error) {
                    throw new IllegalStateException(error);
                }
            });
            open.clear();
        }
    }

    /**
     * Opens the store.
     *
     * @param keys which, or null for all
     * @throws org.apache.kafka.streams.errors.InvalidStateStoreException if it is being moved or restored
     */
    Entries read(List<Key> keys, PullPlan.Range starts) {
        List<AutoCloseable> open = new ArrayList<>();
        Function<Key, Iterator<Stored>> lookUp = lookUp(starts, open);
        List<Key> which = keys == null ? java.util.Collections.singletonList(null) : keys;
        Entries entries = new Entries(which.stream().map(lookUp).iterator(), open);
        entries.hasNext();
        return entries;
    }

    private Function<Key, Iterator<Stored>> lookUp(PullPlan.Range starts, List<AutoCloseable> open) {
        WindowSpec window = table.window();
        if (starts.isEmpty()) {
            return key -> List.<Stored>of().iterator();
        }
        if (window == null) {
            ReadOnlyKeyValueStore<Key, ValueAndTimestamp<Object[]>> store =
                    store(QueryableStoreTypes.timestampedKeyValueStore());
            return key -> {
                if (key == null) {
                    return map(store.all(), open, e -> new Stored(e.key, e.value.value(), e.value.timestamp(), 0, 0));
                }
                ValueAndTimestamp<Object[]> found = store.get(key);
                return Stream.ofNullable(found)
                        .map(value -> new Stored(key, value.value(), value.timestamp(), 0, 0)).iterator();
            };
        }
        if (window.isSession()) {
            ReadOnlySessionStore<Key, Object[]> store = store(QueryableStoreTypes.sessionStore());
            return key -> map(key == null ? store.fetch(null, null) : store.fetch(key), open, e ->
                    new Stored(e.key.key(), e.value, e.key.window().end(), e.key.window().start(),
                            e.key.window().end()));
        }
        ReadOnlyWindowStore<Key, ValueAndTimestamp<Object[]>> store =
                store(QueryableStoreTypes.timestampedWindowStore());
        Instant least = Instant.ofEpochMilli(starts.least());
        Instant most = Instant.ofEpochMilli(starts.most());
        long size = window.size().toMillis();
        return key -> key == null
                ? map(store.fetchAll(least, most), open, (KeyValue<Windowed<Key>, ValueAndTimestamp<Object[]>> e) ->
                        stored(e.key.key(), e.value, e.key.window().start(), size))
                : map(store.fetch(key, least, most), open, e -> stored(key, e.value, e.key, size));
    }

    private static Stored stored(Key key, ValueAndTimestamp<Object[]> value, long start, long size) {
        return new Stored(key, value.value(), value.timestamp(), start, start + size);
    }

    private <T> T store(QueryableStoreType<T> type) {
        return streams.store(StoreQueryParameters.fromNameAndType(table.store(), type));
    }

    private static <K, V> Iterator<Stored> map(KeyValueIterator<K, V> from, List<AutoCloseable> open,
            Function<KeyValue<K, V>, Stored> entry) {
        open.add(from);
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return from.hasNext();
            }

            @Override
            public Stored next() {
                return entry.apply(from.next());
            }
        };
    }
}
