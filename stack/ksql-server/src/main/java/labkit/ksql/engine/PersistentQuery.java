package labkit.ksql.engine;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import labkit.ksql.KsqlException;
import labkit.ksql.catalog.Source;
import labkit.ksql.plan.Plan;
import labkit.ksql.topology.Materialization;
import labkit.ksql.topology.TopologyBuilder;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A query that runs until it is terminated, and writes its result to a topic: one Kafka Streams application. */
public final class PersistentQuery {
    private static final Logger LOG = LoggerFactory.getLogger(PersistentQuery.class);
    private static final int FEW = 3;
    private static final Duration CALM = Duration.ofMinutes(1);
    private static final Duration SHORTEST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(15);

    private final QueryDefinition definition;
    private final String applicationId;
    private final QueryLog log;
    private final Properties settings;
    private final Topology topology;
    private final Materialization materialization;

    private volatile KafkaStreams streams;
    private volatile boolean stopped;
    private volatile boolean paused;
    /** Failures in a row, the last one's reason and time; missing topics are looked for by themselves. */
    private volatile int failures;
    private volatile String reason;
    private volatile long failedAt = System.nanoTime() - CALM.toNanos();
    private volatile Set<String> missing = Set.of();

    public enum State { RUNNING, PAUSED, ERROR }

    /** What a query is doing; {@code reason} says why if it is ERROR, and is null otherwise. */
    public record Condition(State state, String reason) {}

    /** Rows read, written, left out because they came too late, and failures by reason. */
    public record Statistics(long rowsIn, long rowsOut, long droppedLate, Map<String, Long> errors) {}

    PersistentQuery(QueryDefinition definition, ServerConfig server, ProcessingLogTopic errors) {
        this.definition = definition;
        paused = definition.paused();
        applicationId = applicationId(server, definition.id());
        log = new QueryLog(definition.id(), errors);
        settings = StreamsSettings.persistent(server.withOverrides(definition.properties()), applicationId, log);
        StreamsBuilder builder = new StreamsBuilder();
        TopologyBuilder steps = new TopologyBuilder(builder, log);
        TopologyBuilder.Result result = steps.build(definition.plan());
        steps.sink(result, definition.plan(), definition.sink());
        materialization = result.materialization();
        topology = builder.build(settings);
    }

    static String applicationId(ServerConfig server, String queryId) {
        return server.internalPrefix() + "query_" + queryId;
    }

    // -- What it is --------------------------------------------------------------------------------

    public String id() {
        return definition.id();
    }

    /** The statement, as it was written. */
    public String text() {
        return definition.text();
    }

    public Plan plan() {
        return definition.plan();
    }

    public Source sink() {
        return definition.sink();
    }

    /** What the request that made it had set, by full names. */
    public Map<String, Object> properties() {
        return definition.properties();
    }

    public String applicationId() {
        return applicationId;
    }

    /** The topology, as Kafka Streams describes it. */
    public String topology() {
        return topology.describe().toString();
    }

    Topology steps() {
        return topology;
    }

    /** Where its table can be looked up, or null. */
    Materialization materialization() {
        return materialization;
    }

    /** The running application, or null. */
    KafkaStreams streams() {
        return streams;
    }

    // -- What it does ------------------------------------------------------------------------------

    public Condition condition() {
        if (!missing.isEmpty()) {
            return new Condition(State.ERROR, "There is no topic " + String.join(", ", missing)
                    + ". The query goes on if it is created again.");
        }
        if (reason != null && (isDead() || failures >= FEW && !isCalm())) {
            return new Condition(State.ERROR, reason);
        }
        return new Condition(paused ? State.PAUSED : State.RUNNING, null);
    }

    public State state() {
        return condition().state();
    }

    private boolean isCalm() {
        return System.nanoTime() - failedAt > CALM.toNanos();
    }

    private boolean isDead() {
        KafkaStreams running = streams;
        return running == null || running.state().hasCompletedShutdown()
                || running.state() == KafkaStreams.State.PENDING_ERROR;
    }

    /** Of this server's share of the work, since it started. */
    public Statistics statistics() {
        return QueryMetrics.of(streams, sink().topic(), log.errors());
    }

    // -- Its life ----------------------------------------------------------------------------------

    /** Fails if Kafka Streams would refuse its settings. */
    void check() {
        try {
            if (new StreamsConfig(settings).getInt(StreamsConfig.NUM_STREAM_THREADS_CONFIG) < 1) {
                throw new ConfigException(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 0,
                        "a query needs at least one thread");
            }
        } catch (ConfigException error) {
            throw new KsqlException(error.getMessage(), error);
        }
    }

    /** Starts it. Failing is no reason to throw: {@link #condition} tells, and {@link #recover} tries again. */
    synchronized void start() {
        if (stopped || !isDead()) {
            return;
        }
        try {
            KafkaStreams started = new KafkaStreams(topology, settings);
            started.setUncaughtExceptionHandler(this::failed);
            if (paused) {
                started.pause();
            }
            started.start();
            streams = started;
        } catch (RuntimeException error) {
            note(error);
            LOG.error("{} could not be started", id(), error);
        }
    }

    /** Decides what to do when a thread has died. */
    private StreamThreadExceptionResponse failed(Throwable error) {
        note(error);
        log.threadFailed(Thread.currentThread().getName(), error);
        if (stopped || hasCause(error, MissingSourceTopicException.class)) {
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        }
        LOG.warn("{}: a thread has failed ({}. time in a row) and is replaced", id(), failures, error);
        long end = System.nanoTime() + backOff();
        while (!stopped && System.nanoTime() < end) {
            java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        return StreamThreadExceptionResponse.REPLACE_THREAD;
    }

    private static boolean hasCause(Throwable error, Class<?> type) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    private synchronized void note(Throwable error) {
        failures = isCalm() ? 1 : failures + 1;
        failedAt = System.nanoTime();
        reason = QueryLog.innermost(error);
    }

    private long backOff() {
        return Math.min(SHORTEST.toNanos() << Math.min(failures, 20), LONGEST.toNanos());
    }

    /** Looks after it: is told now and then which topics there are, and starts it again if it has died. */
    void recover(Set<String> existing) {
        Set<String> lost = new TreeSet<>();
        plan().inputs().forEach(input -> lost.add(input.source().topic()));
        lost.add(sink().topic());
        lost.removeAll(existing);
        missing = lost;
        if (lost.isEmpty() && reason != null && isDead() && System.nanoTime() - failedAt > backOff()) {
            LOG.info("{} is started again", id());
            close();
            start();
        }
    }

    void setPaused(boolean now) {
        if (now == paused) {
            return;
        }
        paused = now;
        KafkaStreams running = streams;
        if (running != null && now) {
            running.pause();
        } else if (running != null) {
            running.resume();
        }
    }

    /** Ends it on this server; the other ones take over its share at once. */
    void stop() {
        stopped = true;
        close();
    }

    private synchronized void close() {
        KafkaStreams running = streams;
        streams = null;
        if (running != null) {
            running.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
                    .withTimeout(Duration.ofSeconds(10)));
        }
    }
}
