package labkit.ksql.engine;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import labkit.ksql.topology.ProcessingLog;
import labkit.ksql.type.Conversion;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What went wrong in one query: counted, told in the server's log now and then, and each time in the log's topic. */
final class QueryLog implements ProcessingLog {
    private static final Logger LOG = LoggerFactory.getLogger("processing");
    private static final String DROPPED = "skipped ";
    private static final String UNREADABLE = "unreadable ";
    private static final long QUIET_MILLIS = 10_000;
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final String queryId;
    private final ProcessingLogTopic topic;
    private final Map<String, Count> counts = new ConcurrentHashMap<>();

    QueryLog(String queryId, ProcessingLogTopic topic) {
        this.queryId = queryId;
        this.topic = topic;
    }

    private static final class Count {
        private final AtomicLong times = new AtomicLong();
        private final AtomicLong toldAt = new AtomicLong();
    }

    /** How often what happened. */
    Map<String, Long> errors() {
        Map<String, Long> errors = new TreeMap<>();
        counts.forEach((reason, count) -> errors.put(reason, count.times.get()));
        return errors;
    }

    @Override
    public void unreadable(String from, int partition, long offset, boolean isKey, byte[] bytes, Exception cause) {
        String part = isKey ? "key" : "value";
        String message = "Error deserializing " + part + " from topic: " + from;
        ObjectNode details = JSON.objectNode().put("target", part).put("errorMessage", message)
                .put("recordB64", bytes == null || !topic.includesRows() ? null
                : Base64.getEncoder().encodeToString(bytes));
        details.set("cause", causes(cause));
        details.put("topic", from);
        write("source.deserializer", Type.DESERIALIZATION, details, UNREADABLE + part + " in " + from,
                message + ", partition " + partition + ", offset " + offset + ": " + innermost(cause));
    }

    @Override
    public void failed(String step, Object[] row, Exception cause) {
        failed(step, row, cause, "failed " + step);
    }

    private void failed(String step, Object[] row, Exception cause, String reason) {
        String message = "Error computing " + step + ": " + innermost(cause);
        ObjectNode details = JSON.objectNode().put("errorMessage", message)
                .put("record", topic.includesRows() ? Conversion.text(Arrays.asList(row)) : null);
        details.set("cause", causes(cause));
        write(step, Type.RECORD_PROCESSING, details, reason, message);
    }

    @Override
    public void skipped(ConsumerRecord<?, ?> record, String reason) {
        ObjectNode details = JSON.objectNode().put("errorMessage", reason).putNull("record");
        details.set("cause", JSON.arrayNode());
        write("source", Type.RECORD_PROCESSING, details, DROPPED + "from " + record.topic(),
                "Skipped a record of " + record.topic() + ", partition " + record.partition() + ", offset "
                + record.offset() + ": " + reason);
    }

    /** A step failed altogether, so that the row goes no further. */
    void dropped(String step, Object[] row, Exception cause) {
        failed(step, row, cause, DROPPED + "in " + step);
    }

    /** True if records with that reason went no further. */
    static boolean isDropped(String reason) {
        return reason.startsWith(DROPPED) || reason.startsWith(UNREADABLE);
    }

    void unwritable(String to, Exception cause) {
        String message = "Error producing to topic " + to + ": " + innermost(cause);
        write("sink", Type.PRODUCTION, JSON.objectNode().put("errorMessage", message), "not taken by " + to, message);
    }

    void unserializable(String to, boolean isKey, Exception cause) {
        String part = isKey ? "key" : "value";
        String message = "Error serializing " + part + " to topic: " + to;
        ObjectNode details = JSON.objectNode().put("target", part).put("errorMessage", message).putNull("record");
        details.set("cause", causes(cause));
        details.put("topic", to);
        write("sink.serializer", Type.SERIALIZATION, details, "unwritable " + part + " for " + to, message + ": "
                + innermost(cause));
    }

    void threadFailed(String thread, Throwable cause) {
        String message = "Unhandled exception caught in streams thread";
        ObjectNode details = JSON.objectNode().put("errorMessage", message).put("threadName", thread);
        details.set("cause", causes(cause));
        write("thread", Type.STREAMS_THREAD, details, "failed threads", message + " " + thread + ": "
                + innermost(cause));
    }

    /** The kinds of entries, in the order of their numbers. */
    private enum Type {
        DESERIALIZATION("deserializationError"), RECORD_PROCESSING("recordProcessingError"),
        PRODUCTION("productionError"),
        SERIALIZATION("serializationError"), STREAMS_THREAD("kafkaStreamsThreadError");

        private final String field;

        Type(String field) {
            this.field = field;
        }
    }

    private void write(String step, Type type, ObjectNode details, String reason, String text) {
        Count count = counts.computeIfAbsent(reason, r -> new Count());
        long times = count.times.incrementAndGet();
        long now = System.currentTimeMillis();
        long told = count.toldAt.get();
        if (now - told >= QUIET_MILLIS && count.toldAt.compareAndSet(told, now)) {
            LOG.warn("{}: {} ({} so far)", queryId, text, times);
        }
        ObjectNode entry = JSON.objectNode().put("level", "ERROR")
                .put("logger", "processing." + queryId + "." + step.replace(' ', '_')).put("time", now);
        ObjectNode message = entry.putObject("message").put("type", type.ordinal());
        for (Type other : Type.values()) {
            message.set(other.field, other == type ? details : JSON.nullNode());
        }
        topic.write(entry);
    }

    static String innermost(Throwable error) {
        Throwable inner = error;
        while (inner.getCause() != null && inner.getCause() != inner) {
            inner = inner.getCause();
        }
        return inner.getMessage() == null ? inner.getClass().getSimpleName() : inner.getMessage();
    }

    private static ArrayNode causes(Throwable error) {
        ArrayNode causes = JSON.arrayNode();
        for (Throwable cause = error; cause != null && causes.size() < 10; cause = cause.getCause()) {
            causes.add(String.valueOf(cause.getMessage() == null ? cause.getClass().getSimpleName()
                    : cause.getMessage()));
        }
        return causes;
    }
}
