package labkit.ksql.engine;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import labkit.ksql.catalog.Column;
import labkit.ksql.plan.Plan;
import labkit.ksql.serde.Key;
import labkit.ksql.topology.TopologyBuilder;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Windowed;

/** A query whose rows go to whoever asked, as they come, until it is closed. */
public final class PushQuery implements AutoCloseable {
    private static final int AHEAD = 500;
    private static final Duration STEP = Duration.ofMillis(100);

    private final String id;
    private final Plan plan;
    private final String applicationId;
    private final int[] keyPlaces;
    private final BlockingQueue<Row> rows = new ArrayBlockingQueue<>(AHEAD);
    private final KafkaStreams streams;
    private final Consumer<PushQuery> whenClosed;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CountDownLatch gone = new CountDownLatch(1);
    private volatile int left;
    private volatile boolean ended;
    private volatile String failure;

    /** Starts it. {@code whenClosed} removes what it leaves. */
    PushQuery(Plan plan, ServerConfig config, ProcessingLogTopic errors, Consumer<PushQuery> whenClosed) {
        this.plan = plan;
        this.whenClosed = whenClosed;
        String random = UUID.randomUUID().toString().replace("-", "");
        id = "transient_" + plan.inputs().getFirst().source().name() + "_" + random;
        applicationId = applicationPrefix(config) + random;
        left = plan.query().limit() == null ? Integer.MAX_VALUE : plan.query().limit();
        keyPlaces = plan.outputs().stream().mapToInt(output -> output.key() ? keyNames().indexOf(output.name()) : -1)
                .toArray();
        QueryLog log = new QueryLog(id, errors);
        Properties settings = StreamsSettings.transientQuery(config, applicationId, log);
        StreamsBuilder builder = new StreamsBuilder();
        new TopologyBuilder(builder, log).build(plan).rows().foreach(this::show);
        streams = new KafkaStreams(builder.build(settings), settings);
        streams.setUncaughtExceptionHandler(error -> {
            failure = QueryLog.innermost(error);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        if (left > 0) {
            streams.start();
        }
    }

    /** The beginning of the names of all groups and topics of push queries. */
    static String applicationPrefix(ServerConfig config) {
        return config.internalPrefix() + "transient_";
    }

    private List<String> keyNames() {
        return plan.key().stream().map(Column::name).toList();
    }

    public String id() {
        return id;
    }

    String applicationId() {
        return applicationId;
    }

    Plan plan() {
        return plan;
    }

    /** The columns in the order of the SELECT. */
    public List<Column> columns() {
        return plan.columns();
    }

    /** Takes a row from the topology; waits while whoever asked is behind. */
    private void show(Object key, Object[] values) {
        Row row = values == null ? tombstone(key) : new Row(Arrays.asList(values), false);
        try {
            while (!closed.get() && !rows.offer(row, STEP.toMillis(), TimeUnit.MILLISECONDS)) {
                // Not taken yet.
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    private Row tombstone(Object key) {
        List<Object> columns = ((Key) (key instanceof Windowed<?> windowed ? windowed.key() : key)).columns();
        Object[] values = new Object[keyPlaces.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = keyPlaces[i] < 0 ? null : columns.get(keyPlaces[i]);
        }
        return new Row(Arrays.asList(values), true);
    }

    /** Waits for the next row; returns null if none came. */
    public Row next(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        Row row = null;
        while (left > 0 && !closed.get() && row == null) {
            // Look for the end first: what came before it is in the queue then.
            boolean last = ended || failure != null;
            long wait = Math.max(0, Math.min(deadline - System.nanoTime(), STEP.toNanos()));
            row = rows.poll(last ? 0 : wait, TimeUnit.NANOSECONDS);
            if (row == null && (last || System.nanoTime() >= deadline)) {
                return null;
            }
        }
        left -= row == null ? 0 : 1;
        return row;
    }

    /** True once all rows were taken and no more can come: the limit was reached, or the query has ended or failed. */
    public boolean isDone() {
        return left <= 0 || closed.get() || (ended || failure != null) && rows.isEmpty();
    }

    /** Why it ended before its time, or null. */
    public String failure() {
        return failure;
    }

    /** True if whoever asked has not taken all rows yet. */
    boolean isBehind() {
        return !rows.isEmpty();
    }

    /** No more rows will come, those that are there already excepted. */
    void end() {
        ended = true;
    }

    void end(String why) {
        failure = why;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            rows.clear();
            Thread.ofPlatform().name(id + "-close").start(() -> {
                streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                        .withTimeout(Duration.ofSeconds(10)));
                whenClosed.accept(this);
                gone.countDown();
            });
        }
    }

    /** Waits until nothing of it is left. */
    void awaitGone(Duration patience) throws InterruptedException {
        gone.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }
}
