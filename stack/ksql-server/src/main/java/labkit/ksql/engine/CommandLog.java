package labkit.ksql.engine;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
import labkit.ksql.KsqlException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topic with every statement that ever changed something: the one truth that all servers of a service share. */
final class CommandLog implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CommandLog.class);
    private static final Duration RETRY = Duration.ofMillis(500);
    private final ServerConfig config;
    private final Topics topics;
    private final TopicPartition at;
    private Producer<String, byte[]> producer;
    private volatile KafkaConsumer<String, byte[]> consumer;
    private volatile boolean closed;
    private volatile String trouble = "not read yet";

    CommandLog(ServerConfig config, Topics topics) {
        this.config = config;
        this.topics = topics;
        at = new TopicPartition(config.internalPrefix() + "_command_topic", 0);
    }

    String topic() {
        return at.topic();
    }

    /** Why the log is not being read, or null if it is. */
    String trouble() {
        return trouble;
    }

    /**
     * Reads the log from its beginning until it is closed; while no broker answers it tries again.
     *
     * @param apply is given each command's offset and bytes
     * @param caughtUp is run once, when all that was there at the start has been read
     */
    void follow(BiConsumer<Long, byte[]> apply, Runnable caughtUp) {
        long end = -1;
        while (!closed && end < 0) {
            try {
                topics.create(topic(), 1, replicas(), Map.of("cleanup.policy", "delete", "retention.ms", "-1",
                        "retention.bytes", "-1"));
                end = topics.ends(topic()).get(at);
                consumer = open();
            } catch (RuntimeException error) {
                LOG.warn("The command log cannot be read yet: {}", error.getMessage());
                trouble = error.getMessage();
                pause();
            }
        }
        boolean replaying = true;
        while (!closed) {
            try {
                if (replaying && consumer.position(at) >= end) {
                    replaying = false;
                    trouble = null;
                    caughtUp.run();
                }
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    apply.accept(record.offset(), record.value());
                }
            } catch (WakeupException end1) {
                // closed, or looked at
            } catch (OffsetOutOfRangeException error) {
                trouble = "The topic " + topic()
                        + " was deleted or cut while the server ran. Its state cannot be trusted: restart the server.";
                LOG.error(trouble);
                pause();
            } catch (RuntimeException error) {
                LOG.error("Reading the command log failed; it is tried again", error);
                pause();
            }
        }
        if (consumer != null) {
            consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(Duration.ofSeconds(1)));
        }
    }

    private Integer replicas() {
        String own = config.get("ksql.internal.topic.replicas");
        return own == null ? null : Integer.valueOf(own);
    }

    private KafkaConsumer<String, byte[]> open() {
        Map<String, Object> settings = new HashMap<>(config.clients());
        settings.put("client.id", config.internalPrefix() + "command_reader");
        settings.put("auto.offset.reset", "none");
        settings.put("enable.auto.commit", false);
        settings.put("reconnect.backoff.max.ms", 1000);
        settings.put("enable.metrics.push", false);
        KafkaConsumer<String, byte[]> opened = new KafkaConsumer<>(settings, new StringDeserializer(),
                new ByteArrayDeserializer());
        opened.assign(List.of(at));
        opened.seekToBeginning(List.of(at));
        return opened;
    }

    /** The offset that the next command will have. */
    long end() {
        return topics.ends(topic()).get(at);
    }

    /** Writes a command, and returns its offset once the brokers have it. */
    long append(String id, Command command) {
        try {
            return producer().send(new ProducerRecord<>(topic(), 0, id, command.write())).get().offset();
        } catch (ExecutionException | org.apache.kafka.common.KafkaException error) {
            Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
            throw new KsqlException("The statement could not be written to the command log " + topic() + ": "
                    + cause.getMessage()
                    + " It may still be carried out, if the broker had it before the connection broke:"
                    + " look before you try again.", cause);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KsqlException("Interrupted while writing to the command log.");
        }
    }

    private synchronized Producer<String, byte[]> producer() {
        if (producer == null) {
            producer = new KafkaProducer<>(config.patientProducer("command_writer"), new StringSerializer(),
                    new ByteArraySerializer());
        }
        return producer;
    }

    private void pause() {
        try {
            Thread.sleep(RETRY);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            closed = true;
        }
    }

    @Override
    public void close() {
        closed = true;
        if (consumer != null) {
            consumer.wakeup();
        }
        synchronized (this) {
            if (producer != null) {
                producer.close(Duration.ofSeconds(1));
            }
        }
    }
}
