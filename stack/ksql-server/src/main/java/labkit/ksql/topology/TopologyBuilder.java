package labkit.ksql.topology;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import labkit.ksql.ast.Query.WindowType;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Source;
import labkit.ksql.catalog.WindowSpec;
import labkit.ksql.expression.Scope;
import labkit.ksql.expression.Typed;
import labkit.ksql.plan.Plan;
import labkit.ksql.serde.Format;
import labkit.ksql.serde.InternalCodec;
import labkit.ksql.serde.Key;
import labkit.ksql.serde.RowSerdes;
import labkit.ksql.type.SqlType;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.AutoOffsetReset;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.EmitStrategy;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Joined;
import org.apache.kafka.streams.kstream.KGroupedStream;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.KTable;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.SessionWindows;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

/**
 * Turns a {@link Plan} into Kafka Streams. Rows are arrays that hold all columns at the places which the plan's
 * scopes say; keys are {@link Key}, or {@code Windowed<Key>}.
 */
public final class TopologyBuilder {
    private static final String STORE = "Aggregate-Aggregate-Materialize";
    private static final String RESULT = "Result-Materialize";

    private final StreamsBuilder builder;
    private final ProcessingLog log;

    public TopologyBuilder(StreamsBuilder builder, ProcessingLog log) {
        this.builder = builder;
        this.log = log;
    }

    /**
     * What a query gives.
     *
     * @param rows the plan's outputs in the order of the SELECT; null for a row that a table no longer has
     * @param materialization where a table can be looked up, or null
     */
    public record Result(KStream<Object, Object[]> rows, Materialization materialization) {}

    /** Adds a query to the topology. */
    public Result build(Plan plan) {
        Plan.Input first = plan.inputs().getFirst();
        boolean table = first.source().isTable();
        KStream<Object, Object[]> rows = read(first);
        List<SqlType> types = types(first.scope());
        for (Plan.Join join : plan.joins()) {
            rows = join(rows, types, join);
            types = Stream.concat(types.stream(), types(join.table().scope()).stream()).toList();
        }
        if (!table) {
            // A record without a value means nothing to a stream.
            rows = rows.filter((key, row) -> row != null
                    && (plan.filter() == null || Projection.holds(plan.filter(), "WHERE", row, log)));
        }
        if (plan.aggregation() != null) {
            return aggregate(plan, rows, types);
        }
        if (plan.partitionBy() != null) {
            Projection key = new Projection("PARTITION BY", plan.partitionBy(), log);
            rows = rows.selectKey((old, row) -> Key.of(key.of(row)));
        }
        if (table && plan.filter() != null) {
            rows = rows.mapValues(row -> row != null && Projection.holds(plan.filter(), "WHERE", row, log) ? row : null);
        }
        rows = project(plan, rows);
        if (!table) {
            return new Result(rows, null);
        }
        if (plan.window() != null) {
            // Only push queries read windowed tables; a row that is gone and was perhaps never shown is left out.
            return new Result(plan.filter() == null ? rows : rows.filter((key, row) -> row != null), null);
        }
        return keep(plan, rows);
    }

    // -- Sources -----------------------------------------------------------------------------------

    private KStream<Object, Object[]> read(Plan.Input input) {
        Source source = input.source();
        Consumed<Object, Object[]> consumed = Consumed.with(
                        keys(source.keyFormat(), source.schema().key(), source.window()),
                        RowSerdes.values(source.valueFormat().codec(source.schema().value(), false)))
                .withTimestampExtractor(new RowTimestamp(source, log));
        if (source.isTable()) {
            consumed = consumed.withOffsetResetPolicy(AutoOffsetReset.earliest());
        }
        return builder.stream(source.topic(), consumed).processValues(() -> new Widen(input));
    }

    private KTable<Object, Object[]> table(KStream<Object, Object[]> rows, Serde<Object> keys, List<SqlType> types) {
        return rows.toTable(Materialized.with(keys, internal(types)));
    }

    private KStream<Object, Object[]> join(KStream<Object, Object[]> left, List<SqlType> leftTypes, Plan.Join join) {
        Source right = join.table().source();
        Serde<Object> keys = keys(right.keyFormat(), right.schema().key(), null);
        KTable<Object, Object[]> table = table(read(join.table()), keys, types(join.table().scope()));
        KStream<Object, Object[]> rows = left.filter((key, row) -> row != null);
        if (join.rekey()) {
            Projection key = new Projection("JOIN", List.of(join.key()), log);
            rows = rows.selectKey((old, row) -> Key.of(key.of(row)));
        }
        rows = rows.filter((key, row) -> key != null && !((Key) key).hasNull());
        int width = leftTypes.size() + join.table().scope().width();
        Joined<Object, Object[], Object[]> joined = Joined.with(keys, internal(leftTypes), null);
        return join.left() ? rows.leftJoin(table, (l, r) -> concat(l, r, width), joined)
                : rows.join(table, (l, r) -> concat(l, r, width), joined);
    }

    private static Object[] concat(Object[] left, Object[] right, int width) {
        Object[] row = java.util.Arrays.copyOf(left, width);
        if (right != null) {
            System.arraycopy(right, 0, row, left.length, right.length);
        }
        return row;
    }

    // -- Aggregation -------------------------------------------------------------------------------

    private Result aggregate(Plan plan, KStream<Object, Object[]> rows, List<SqlType> types) {
        Plan.Aggregation aggregation = plan.aggregation();
        Gathering gathering = new Gathering(aggregation, log);
        Serde<Key> keys = RowSerdes.keys(plan.keyFormat().codec(plan.key(), true));
        Serde<Object[]> arguments = internal(aggregation.arguments().stream().map(Typed::type).toList());
        Grouped<Key, Object[]> grouped = Grouped.with("Aggregate-GroupBy", keys, arguments);
        Projection group = new Projection("GROUP BY", aggregation.keys(), log);
        Projection values = new Projection("the arguments of an aggregate function", aggregation.arguments(), log);
        KStream<Object, Object[]> result = aggregation.fromTable()
                ? ofTable(plan, rows, types, group, values, grouped, gathering, keys)
                : ofStream(aggregation, rows, group, values, grouped, gathering, keys);
        result = result.processValues(() -> new Finish(gathering));
        Typed having = plan.having();
        boolean emitFinal = aggregation.window() != null && aggregation.window().emitFinal();
        if (having != null && emitFinal) {
            result = result.filter((key, row) -> row != null && Projection.holds(having, "HAVING", row, log));
        } else if (having != null) {
            result = result.mapValues(row -> row != null && Projection.holds(having, "HAVING", row, log) ? row : null);
        }
        result = project(plan, result);
        if (having != null && !emitFinal) {
            return keep(plan, result);
        }
        Projection outputs = outputs(plan);
        return new Result(result, new Materialization(STORE, plan.window(), keys, stored -> {
            Object[] row = gathering.row(stored.key(), stored.value(), stored.timestamp(), stored.windowStart(), stored.windowEnd());
            return having == null || Projection.holds(having, "HAVING", row, log) ? outputs.of(row) : null;
        }));
    }

    @SuppressWarnings("unchecked")
    private KStream<Object, Object[]> ofStream(Plan.Aggregation aggregation, KStream<Object, Object[]> rows, Projection group,
            Projection values, Grouped<Key, Object[]> grouped, Gathering gathering, Serde<Key> keys) {
        KStream<Object, Object[]> present = rows.filter((key, row) -> row != null);
        KStream<Key, Object[]> keyed = aggregation.rekey()
                ? present.map((old, row) -> KeyValue.pair(Key.of(group.of(row)), values.of(row)))
                : (KStream<Key, Object[]>) (KStream<?, ?>) present.mapValues(values::of);
        KGroupedStream<Key, Object[]> groups = keyed.filter((key, row) -> key != null && !key.hasNull()).groupByKey(grouped);
        Serde<Object[]> states = internal(gathering.stateTypes());
        Plan.Window window = aggregation.window();
        KTable<?, Object[]> table;
        if (window == null) {
            table = groups.aggregate(gathering::initial, gathering::add,
                    Materialized.<Key, Object[], KeyValueStore<Bytes, byte[]>>as(STORE).withKeySerde(keys).withValueSerde(states));
        } else if (window.type() == WindowType.SESSION) {
            table = groups.windowedBy(SessionWindows.ofInactivityGapAndGrace(window.size(), window.grace())).emitStrategy(emit(window))
                    .aggregate(gathering::initial, gathering::add, gathering::merge,
                            Materialized.<Key, Object[], SessionStore<Bytes, byte[]>>as(STORE).withKeySerde(keys).withValueSerde(states)
                                    .withRetention(window.retention()));
        } else {
            TimeWindows windows = TimeWindows.ofSizeAndGrace(window.size(), window.grace());
            table = groups.windowedBy(window.type() == WindowType.HOPPING ? windows.advanceBy(window.advance()) : windows)
                    .emitStrategy(emit(window))
                    .aggregate(gathering::initial, gathering::add,
                            Materialized.<Key, Object[], WindowStore<Bytes, byte[]>>as(STORE).withKeySerde(keys).withValueSerde(states)
                                    .withRetention(window.retention()));
        }
        return (KStream<Object, Object[]>) (KStream<?, ?>) table.toStream();
    }

    private static EmitStrategy emit(Plan.Window window) {
        return window.emitFinal() ? EmitStrategy.onWindowClose() : EmitStrategy.onWindowUpdate();
    }

    @SuppressWarnings("unchecked")
    private KStream<Object, Object[]> ofTable(Plan plan, KStream<Object, Object[]> rows, List<SqlType> types, Projection group,
            Projection values, Grouped<Key, Object[]> grouped, Gathering gathering, Serde<Key> keys) {
        Source source = plan.inputs().getFirst().source();
        KTable<Object, Object[]> table = table(rows, keys(source.keyFormat(), source.schema().key(), source.window()), types);
        if (plan.filter() != null) {
            table = table.filter((key, row) -> Projection.holds(plan.filter(), "WHERE", row, log));
        }
        KTable<Key, Object[]> gathered = table.groupBy((key, row) -> {
            Key to = Key.of(group.of(row));
            return KeyValue.pair(to.hasNull() ? null : to, values.of(row));
        }, grouped).aggregate(gathering::initial, gathering::add, gathering::remove,
                Materialized.<Key, Object[], KeyValueStore<Bytes, byte[]>>as(STORE).withKeySerde(keys)
                        .withValueSerde(internal(gathering.stateTypes())));
        return (KStream<Object, Object[]>) (KStream<?, ?>) gathered.toStream();
    }

    /** Makes rows of states. */
    private static final class Finish extends ContextualFixedKeyProcessor<Object, Object[], Object[]> {
        private final Gathering gathering;

        Finish(Gathering gathering) {
            this.gathering = gathering;
        }

        @Override
        public void process(FixedKeyRecord<Object, Object[]> record) {
            context().forward(record.withValue(record.value() == null ? null : row(record)));
        }

        private Object[] row(FixedKeyRecord<Object, Object[]> record) {
            return record.key() instanceof Windowed<?> windowed
                    ? gathering.row((Key) windowed.key(), record.value(), record.timestamp(), windowed.window().start(), windowed.window().end())
                    : gathering.row((Key) record.key(), record.value(), record.timestamp(), 0, 0);
        }
    }

    // -- Results -----------------------------------------------------------------------------------

    private Projection outputs(Plan plan) {
        return new Projection("SELECT", plan.outputs().stream().map(Plan.Output::value).toList(), log);
    }

    private KStream<Object, Object[]> project(Plan plan, KStream<Object, Object[]> rows) {
        Projection outputs = outputs(plan);
        return rows.mapValues(row -> row == null ? null : outputs.of(row));
    }

    private Result keep(Plan plan, KStream<Object, Object[]> rows) {
        Serde<Key> keys = RowSerdes.keys(plan.keyFormat().codec(plan.key(), true));
        Serde<Object[]> kept = internal(plan.columns().stream().map(Column::type).toList());
        ResultTable table = new ResultTable(RESULT, plan.window(),
                plan.window() == null ? null : plan.aggregation().window().retention(), keys, kept);
        return new Result(rows.processValues(table), new Materialization(RESULT, plan.window(), keys, Materialization.Stored::value));
    }

    /** Writes a query's rows to a topic. */
    public void sink(Result result, Plan plan, Source target) {
        int[] places = java.util.stream.IntStream.range(0, plan.outputs().size()).filter(i -> !plan.outputs().get(i).key()).toArray();
        KStream<Object, Object[]> values = result.rows().mapValues(row -> row == null ? null : pick(row, places));
        if (target.timestamp() != null) {
            RowTimestamp time = new RowTimestamp(target, log);
            values = values.processValues(() -> new Stamp(time));
        }
        values.to(target.topic(), Produced.with(
                keys(target.keyFormat(), target.schema().key(), target.window()),
                RowSerdes.values(target.valueFormat().codec(target.schema().value(), false))));
    }

    private static Object[] pick(Object[] row, int[] places) {
        Object[] picked = new Object[places.length];
        for (int i = 0; i < places.length; i++) {
            picked[i] = row[places[i]];
        }
        return picked;
    }

    /** Gives records the time that a column says. */
    private final class Stamp extends ContextualFixedKeyProcessor<Object, Object[], Object[]> {
        private final RowTimestamp time;

        Stamp(RowTimestamp time) {
            this.time = time;
        }

        @Override
        public void process(FixedKeyRecord<Object, Object[]> record) {
            if (record.value() == null) {
                context().forward(record);
                return;
            }
            try {
                Key key = (Key) (record.key() instanceof Windowed<?> windowed ? windowed.key() : record.key());
                context().forward(record.withTimestamp(time.ofColumns(key, record.value())));
            } catch (IllegalArgumentException | java.time.DateTimeException error) {
                log.failed("TIMESTAMP", record.value(), error);
            }
        }
    }

    // -- Serdes ------------------------------------------------------------------------------------

    private static Serde<Object[]> internal(List<SqlType> types) {
        return RowSerdes.values(new InternalCodec(types));
    }

    private static List<SqlType> types(Scope scope) {
        return new ArrayList<>(scope.entries().stream().map(Scope.Entry::type).toList());
    }

    /** How keys are written: {@code Key}, or {@code Windowed<Key>}. */
    @SuppressWarnings("unchecked")
    public static Serde<Object> keys(Format format, List<Column> columns, WindowSpec window) {
        Serde<Key> plain = RowSerdes.keys(format.codec(columns, true));
        Serde<?> serde = window == null ? plain : window.isSession() ? new WindowedSerdes.SessionWindowedSerde<>(plain)
                : new WindowedSerdes.TimeWindowedSerde<>(plain, window.size().toMillis());
        return (Serde<Object>) serde;
    }
}
