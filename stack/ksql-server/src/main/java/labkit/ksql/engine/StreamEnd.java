package labkit.ksql.engine;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/** Ends a query over a stream when it has read as far as the stream went when it was asked. */
final class StreamEnd {
    private static final long STEP_MILLIS = 100;
    /** Behind the last record there may be marks of transactions, which are never committed. */
    private static final long STILL_MILLIS = 5_000;

    private final PushQuery query;
    private final Topics topics;
    private final Map<TopicPartition, Long> ends;

    StreamEnd(PushQuery query, Topics topics, Map<TopicPartition, Long> ends) {
        this.query = query;
        this.topics = topics;
        this.ends = ends;
    }

    /** Offsets are committed only when all rows before them are there. */
    void follow() {
        Map<TopicPartition, Long> before = Map.of();
        long movedAt = System.currentTimeMillis();
        try {
            while (!query.isDone()) {
                Map<TopicPartition, Long> committed = topics.committed(query.applicationId());
                long now = System.currentTimeMillis();
                if (!committed.equals(before) || query.isBehind()) {
                    movedAt = now;
                    before = committed;
                }
                boolean all = ends.entrySet().stream()
                        .allMatch(end -> committed.getOrDefault(end.getKey(), -1L) >= end.getValue());
                if (all || !committed.isEmpty() && now - movedAt > STILL_MILLIS) {
                    query.end();
                    return;
                }
                Thread.sleep(STEP_MILLIS);
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException error) {
            query.end(error.getMessage());
        }
    }
}
