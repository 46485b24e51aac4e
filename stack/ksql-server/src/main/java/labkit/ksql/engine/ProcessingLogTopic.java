package labkit.ksql.engine;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The topic that holds what went wrong in all queries. Writing never waits for a broker: entries are left out
 * while none answers; they are counted all the same.
 */
final class ProcessingLogTopic implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessingLogTopic.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private final ServerConfig config;
    private final BlockingQueue<ObjectNode> entries = new ArrayBlockingQueue<>(10_000);
    private volatile Thread writer;

    ProcessingLogTopic(ServerConfig config) {
        this.config = config;
    }

    /** The statement that makes the log a stream. */
    static String declaration(ServerConfig config) {
        return "CREATE STREAM IF NOT EXISTS " + config.get("ksql.logging.processing.stream.name")
                + " (logger STRING, level STRING, time BIGINT, message STRUCT<"
                + "type INT, "
                + "deserializationError STRUCT<target STRING, errorMessage STRING, recordB64 STRING, "
                + "cause ARRAY<STRING>, `topic` STRING>, "
                + "recordProcessingError STRUCT<errorMessage STRING, record STRING, cause ARRAY<STRING>>, "
                + "productionError STRUCT<errorMessage STRING>, "
                + "serializationError STRUCT<target STRING, errorMessage STRING, record STRING, "
                + "cause ARRAY<STRING>, `topic` STRING>, "
                + "kafkaStreamsThreadError STRUCT<errorMessage STRING, threadName STRING, cause ARRAY<STRING>>>) "
                + "WITH (KAFKA_TOPIC='" + topic(config) + "', VALUE_FORMAT='JSON');";
    }

    static String topic(ServerConfig config) {
        return config.get("ksql.logging.processing.topic.name");
    }

    /** Makes the topic if the settings say so, and begins to write. */
    void start(Topics topics) {
        if (writer != null || !config.flag("ksql.logging.processing.topic.auto.create")) {
            return;
        }
        if (!topics.exists(topic(config))) {
            topics.create(topic(config), config.number("ksql.logging.processing.topic.partitions"), null,
                    Map.of("retention.ms", "-1"));
        }
        writer = Thread.ofPlatform().name("processing-log").daemon().start(this::run);
    }

    boolean includesRows() {
        return config.flag("ksql.logging.processing.rows.include");
    }

    void write(ObjectNode entry) {
        if (writer != null) {
            entries.offer(entry);
        }
    }

    private void run() {
        Map<String, Object> settings = new HashMap<>(config.clients());
        settings.put("client.id", config.internalPrefix() + "processing_log");
        settings.put("buffer.memory", 2 << 20);
        settings.put("linger.ms", 20);
        settings.put("max.block.ms", 5000);
        settings.put("enable.metrics.push", false);
        try (Producer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(),
                new ByteArraySerializer())) {
            while (!Thread.currentThread().isInterrupted()) {
                producer.send(new ProducerRecord<>(topic(config), JSON.writeValueAsBytes(entries.take())),
                        (at, error) -> {
                    if (error != null) {
                        LOG.debug("an entry of the processing log is lost: {}", error.getMessage());
                    }
                });
            }
        } catch (InterruptedException | org.apache.kafka.common.errors.InterruptException end) {
            // the server ends
        } catch (IOException | RuntimeException error) {
            LOG.error("The processing log is not written any more", error);
        }
    }

    @Override
    public void close() {
        if (writer != null) {
            long deadline = System.nanoTime() + Duration.ofSeconds(1).toNanos();
            while (!entries.isEmpty() && System.nanoTime() < deadline) {
                java.util.concurrent.locks.LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            writer.interrupt();
        }
    }
}
