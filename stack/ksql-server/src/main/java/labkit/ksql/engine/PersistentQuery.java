package labkit.ksql.engine;

import labkit.ksql.catalog.Source;
import labkit.ksql.plan.Plan;

/** A query that runs until it is terminated, and writes its result to a topic. */
public final class PersistentQuery {
    /** What a query is doing; {@code reason} says why if it is ERROR, and is null otherwise. */
    public record Condition(State state, String reason) {}

    public enum State { RUNNING, PAUSED, ERROR }

    /** Rows read, written, left out because they came too late, and failures by reason. */
    public record Statistics(long rowsIn, long rowsOut, long droppedLate, java.util.Map<String, Long> errors) {}

    public String id() {
        throw new UnsupportedOperationException();
    }

    /** The statement, as it was written. */
    public String text() {
        throw new UnsupportedOperationException();
    }

    public Plan plan() {
        throw new UnsupportedOperationException();
    }

    public Source sink() {
        throw new UnsupportedOperationException();
    }

    public Condition condition() {
        throw new UnsupportedOperationException();
    }

    public State state() {
        return condition().state();
    }

    /** The topology, as Kafka Streams describes it. */
    public String topology() {
        throw new UnsupportedOperationException();
    }

    public String applicationId() {
        throw new UnsupportedOperationException();
    }

    /** Of this server's share of the work, since it started. */
    public Statistics statistics() {
        throw new UnsupportedOperationException();
    }
}
