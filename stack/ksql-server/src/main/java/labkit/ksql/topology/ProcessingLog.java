package labkit.ksql.topology;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Where bad records and failed computations are told. A bad record never stops a query. */
public interface ProcessingLog {
    /** For handlers that Kafka Streams makes by itself: the log is handed to them under this name. */
    String CONFIG = "labkit.ksql.processing.log";

    /** A record whose key ({@code isKey}) or value cannot be read; the bytes are those of that part. */
    void unreadable(String topic, int partition, long offset, boolean isKey, byte[] bytes, Exception cause);

    /** A computation that failed for a row, for instance a division by zero; its result is null, or the row is skipped. */
    void failed(String step, Object[] row, Exception cause);

    /** A record that was left out for another reason, for instance a time that is none. */
    void skipped(ConsumerRecord<?, ?> record, String reason);
}
