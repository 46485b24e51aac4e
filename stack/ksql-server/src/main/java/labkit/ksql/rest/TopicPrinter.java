package labkit.ksql.rest;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Statement;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.Topics;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** PRINT: a topic's records as text, in formats that are guessed from their bytes. */
final class TopicPrinter {
    private static final Duration LOOK = Duration.ofMillis(250);
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy/MM/dd HH:mm:ss.SSS 'Z'").withZone(ZoneOffset.UTC);
    private final Engine engine;

    TopicPrinter(Engine engine) {
        this.engine = engine;
    }

    void print(Statement.Print print, Exchange exchange) throws IOException {
        Topics.Topic topic = engine.topics().find(print.topic())
                .orElseThrow(() -> new KsqlException(missing(print.topic())));
        List<TopicPartition> partitions = new ArrayList<>();
        for (int partition = 0; partition < topic.partitions(); partition++) {
            partitions.add(new TopicPartition(topic.name(), partition));
        }
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            consumer.assign(partitions);
            if (print.fromBeginning()) {
                consumer.seekToBeginning(partitions);
            } else {
                consumer.seekToEnd(partitions);
                // Only asking makes it so; a record that comes while the answer begins is not missed.
                partitions.forEach(consumer::position);
            }
            copy(consumer, print, exchange.open("text/plain;charset=utf-8"));
        }
    }

    private String missing(String name) {
        List<String> alike = engine.topics().names().stream().filter(other -> other.equalsIgnoreCase(name)).toList();
        return "Could not find topic '" + name + "'. " + (alike.isEmpty() ? "SHOW TOPICS; lists those that there are."
                : "Did you mean " + String.join(" or ", alike) + "? Names of topics are case-sensitive.");
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        Map<String, Object> settings = new HashMap<>(engine.config().clients());
        settings.put("enable.auto.commit", false);
        settings.put("auto.offset.reset", "earliest");
        settings.put("isolation.level", "read_committed");
        settings.put("enable.metrics.push", false);
        return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static void copy(KafkaConsumer<byte[], byte[]> consumer, Statement.Print print, Outflow out)
            throws IOException {
        FormatGuess keys = new FormatGuess(true);
        FormatGuess values = new FormatGuess(false);
        long left = print.limit() == null ? Long.MAX_VALUE : print.limit();
        long seen = 0;
        out.flush();
        String told = "";
        while (left > 0 && !out.isGone()) {
            ConsumerRecords<byte[], byte[]> records = consumer.poll(LOOK);
            for (ConsumerRecord<byte[], byte[]> record : records) {
                keys.look(record.key());
                values.look(record.value());
            }
            String formats = "Key format: " + keys + "\nValue format: " + values + "\n";
            if (!records.isEmpty() && !formats.equals(told)) {
                out.write(formats);
                told = formats;
            }
            for (ConsumerRecord<byte[], byte[]> record : records) {
                if (left > 0 && seen++ % print.every() == 0) {
                    out.write(line(record, keys, values));
                    left--;
                }
                if (out.isFull()) {
                    out.flush();
                }
            }
            if (!records.isEmpty()) {
                out.flush();
            }
        }
        if (!out.isGone()) {
            out.finish();
        }
    }

    static String line(ConsumerRecord<byte[], byte[]> record, FormatGuess keys, FormatGuess values) {
        return "rowtime: " + (record.timestamp() < 0 ? "N/A" : TIME.format(Instant.ofEpochMilli(record.timestamp())))
                + ", key: " + keys.text(record.key()) + ", value: " + values.text(record.value())
                + ", partition: " + record.partition() + "\n";
    }
}
