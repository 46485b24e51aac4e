package labkit.ksql.engine;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import labkit.ksql.KsqlException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Writes rows that come by INSERT; each is answered when all replicas have it. */
final class RowWriter implements AutoCloseable {
    private final ServerConfig config;
    private Producer<byte[], byte[]> producer;

    RowWriter(ServerConfig config) {
        this.config = config;
    }

    void write(ProducerRecord<byte[], byte[]> record) {
        try {
            producer().send(record).get();
        } catch (ExecutionException | KafkaException error) {
            Throwable cause = error instanceof ExecutionException ? error.getCause() : error;
            throw new KsqlException("Failed to insert values into the topic '" + record.topic() + "': "
                    + (cause instanceof TimeoutException
                    ? "no Kafka broker answers at " + config.bootstrapServers() + ", or it does not have the topic ("
                    + cause.getMessage() + ")."
                    : cause.getMessage()), cause);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
            throw new KsqlException("Interrupted while a row was written to '" + record.topic() + "'.");
        }
    }

    private synchronized Producer<byte[], byte[]> producer() {
        if (producer == null) {
            producer = new KafkaProducer<>(config.patientProducer("inserts"), new ByteArraySerializer(),
                    new ByteArraySerializer());
        }
        return producer;
    }

    @Override
    public synchronized void close() {
        if (producer != null) {
            producer.close(Duration.ofSeconds(2));
        }
    }
}
