package labkit.ksql.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.UUID;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Parsed;
import labkit.ksql.catalog.Column;
import labkit.ksql.expression.Typed;
import labkit.ksql.plan.Plan;
import labkit.ksql.topology.Materialization;
import labkit.ksql.topology.Materialization.Stored;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.TopologyDescription;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.HostInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks up a table in the stores of the query that keeps it: here, and on the other servers. */
final class PullQuery {
    private static final Logger LOG = LoggerFactory.getLogger(PullQuery.class);
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final long STEP_MILLIS = 50;

    private final PersistentQuery keeper;
    private final PullPlan pull;
    private final Parsed text;
    private final Map<String, Object> properties;
    private final Topics topics;
    private final Peers peers;
    private final HostInfo here;

    PullQuery(PersistentQuery keeper, PullPlan pull, Parsed text, Map<String, Object> properties, Topics topics,
            Peers peers, HostInfo here) {
        this.keeper = keeper;
        this.pull = pull;
        this.text = text;
        this.properties = properties;
        this.topics = topics;
        this.peers = peers;
        this.here = here;
    }

    /** The table is not at rest: it is tried again. */
    private static final class NotNow extends Exception {
        NotNow(String reason) {
            super(reason);
        }
    }

    PullResult run() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                return open();
            } catch (NotNow | Peers.Unreachable | InvalidStateStoreException error) {
                PersistentQuery.Condition condition = keeper.condition();
                if (condition.state() == PersistentQuery.State.ERROR) {
                    throw new KsqlException("`" + keeper.sink().name() + "` cannot be read, because the query "
                            + keeper.id()
                            + " that keeps it has failed: " + condition.reason());
                }
                if (System.nanoTime() > deadline) {
                    throw new KsqlException("`" + keeper.sink().name() + "` cannot be read now: " + error.getMessage()
                            + ". The query " + keeper.id()
                            + " that keeps it starts, or moves between servers. Try again in a moment.");
                }
                pause();
            }
        }
    }

    private static void pause() {
        try {
            Thread.sleep(STEP_MILLIS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KsqlException("Interrupted while waiting for a table.");
        }
    }

    private PullResult open() throws NotNow, Peers.Unreachable {
        KafkaStreams streams = keeper.streams();
        if (streams == null || streams.state() != KafkaStreams.State.RUNNING) {
            throw new NotNow("it is " + (streams == null ? "not started"
                    : streams.state().toString().toLowerCase(java.util.Locale.ROOT)));
        }
        List<Iterator<List<Object>>> parts = new ArrayList<>();
        List<Runnable> ends = new ArrayList<>();
        try {
            boolean alone = Boolean.parseBoolean(String.valueOf(properties.get(Overrides.FORWARDED)));
            Keepers keepers = alone ? Keepers.ALONE : keepers(streams);
            for (HostInfo server : keepers.others()) {
                Peers.Rows rows = peers.ask(server, text.text(), properties, pull.plan().columns());
                ends.add(rows.end());
                parts.add(rows.rows());
            }
            if (keepers.here()) {
                TableReader.Entries entries = new TableReader(streams, keeper.materialization())
                        .read(pull.keys(), pull.starts());
                ends.add(entries::close);
                parts.addFirst(local(entries));
            }
        } catch (NotNow | Peers.Unreachable | RuntimeException error) {
            ends.forEach(Runnable::run);
            throw error;
        }
        Integer limit = pull.plan().query().limit();
        return new PullResult("query_" + UUID.randomUUID(), pull.plan().columns(),
                new Limited(parts.iterator(), limit == null ? Long.MAX_VALUE : limit),
                () -> ends.forEach(Runnable::run));
    }

    // -- Other servers -----------------------------------------------------------------------------

    private Keepers keepers(KafkaStreams streams) throws NotNow {
        String store = keeper.materialization().store();
        Keepers keepers = Keepers.of(streams.streamsMetadataForStore(store), store, here);
        if (!keepers.here() && keepers.others().isEmpty()) {
            throw new NotNow("no server has a part of it at the moment");
        }
        if (!keepers.others().isEmpty()) {
            requireAll(keepers.partitions());
        }
        return keepers;
    }

    /** Between two servers a part of a table may for a moment be nobody's. */
    private void requireAll(Set<TopicPartition> covered) throws NotNow {
        Set<String> read = topicsOf(keeper.materialization().store());
        for (String topic : read) {
            int partitions = topics.find(topic).map(Topics.Topic::partitions).orElse(0);
            for (int partition = 0; partition < partitions; partition++) {
                if (!covered.contains(new TopicPartition(topic, partition))) {
                    throw new NotNow("no server has partition " + partition + " at the moment");
                }
            }
        }
    }

    /** The topics whose partitions are those of a store. */
    private Set<String> topicsOf(String store) {
        Set<String> names = new HashSet<>();
        for (TopologyDescription.Subtopology part : keeper.steps().describe().subtopologies()) {
            boolean has = part.nodes().stream().anyMatch(node -> node instanceof TopologyDescription.Processor p
                    && p.stores().contains(store));
            for (TopologyDescription.Node node : part.nodes()) {
                if (has && node instanceof TopologyDescription.Source source && source.topicSet() != null) {
                    source.topicSet().forEach(topic -> names.add(
                            topic.endsWith("-repartition") ? keeper.applicationId() + "-" + topic : topic));
                }
            }
        }
        return names;
    }

    // -- Rows --------------------------------------------------------------------------------------

    private Iterator<List<Object>> local(TableReader.Entries entries) {
        Materialization table = keeper.materialization();
        Plan plan = pull.plan();
        int[] places = places(plan);
        return new Iterator<>() {
            private List<Object> next;

            @Override
            public boolean hasNext() {
                while (next == null && entries.hasNext()) {
                    Stored stored = entries.next();
                    Object[] result = table.result().apply(stored);
                    if (result != null) {
                        Object[] row = widen(result, places, stored);
                        next = plan.filter() == null || Boolean.TRUE.equals(compute(plan.filter(), row))
                                ? Arrays.asList(plan.outputs().stream().map(output -> compute(output.value(), row))
                                .toArray()) : null;
                    }
                }
                return next != null;
            }

            @Override
            public List<Object> next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                List<Object> row = next;
                next = null;
                return row;
            }
        };
    }

    /** As in all queries, what cannot be computed is null. */
    private static Object compute(Typed expression, Object[] row) {
        try {
            return expression.of(row);
        } catch (RuntimeException error) {
            LOG.debug("an expression of a pull query failed", error);
            return null;
        }
    }

    /** Where each column of the table stands in the result of the query that keeps it. */
    private int[] places(Plan plan) {
        List<String> kept = keeper.plan().columns().stream().map(Column::name).toList();
        return plan.inputs().getFirst().source().schema().columns().stream()
                .mapToInt(column -> kept.indexOf(column.name())).toArray();
    }

    /** The columns of the table, then ROWTIME, no partition and offset, and the window's bounds. */
    private Object[] widen(Object[] result, int[] places, Stored stored) {
        Object[] row = new Object[pull.plan().inputs().getFirst().scope().width()];
        for (int i = 0; i < places.length; i++) {
            row[i] = result[places[i]];
        }
        row[places.length] = stored.timestamp();
        if (pull.source().window() != null) {
            row[places.length + 3] = stored.windowStart();
            row[places.length + 4] = stored.windowEnd();
        }
        return row;
    }

    /** The parts one after the other, up to a limit. */
    private static final class Limited implements Iterator<List<Object>> {
        private final Iterator<Iterator<List<Object>>> parts;
        private Iterator<List<Object>> part;
        private long left;

        Limited(Iterator<Iterator<List<Object>>> parts, long limit) {
            this.parts = parts;
            part = parts.next();
            left = limit;
        }

        @Override
        public boolean hasNext() {
            try {
                while (left > 0 && !part.hasNext() && parts.hasNext()) {
                    part = parts.next();
                }
                return left > 0 && part.hasNext();
            } catch (InvalidStateStoreException error) {
                throw new KsqlException("The table moved to another server while it was read. Ask again.", error);
            } catch (java.io.UncheckedIOException error) {
                throw new KsqlException("A server with a part of the table went away meanwhile. Ask again.", error);
            }
        }

        @Override
        public List<Object> next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            left--;
            return part.next();
        }
    }
}
