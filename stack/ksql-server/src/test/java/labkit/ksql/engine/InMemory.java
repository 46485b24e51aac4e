package labkit.ksql.engine;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import labkit.ksql.ast.Parsed;
import labkit.ksql.catalog.Column;
import labkit.ksql.catalog.Source;
import labkit.ksql.serde.Format;
import labkit.ksql.serde.JsonCodec;
import labkit.ksql.topology.ProcessingLog;
import labkit.ksql.topology.TopologyBuilder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.test.TestRecord;

/** Streams, tables and persistent queries without a broker. */
final class InMemory implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);
    private final Map<String, Query> queries = new LinkedHashMap<>();
    private Metastore metastore = new Metastore();
    private long sequence;
    private final Map<String, List<Written>> written = new TreeMap<>();

    /** A persistent query, and the topics that it reads. */
    private record Query(TopologyTestDriver driver, Set<String> reads, TestOutputTopic<byte[], byte[]> output, Source sink) {}

    /** A record of a case; raw texts stand for bytes as they are. */
    record Record(String topic, JsonNode key, JsonNode value, @JsonProperty("key_raw") String keyRaw,
            @JsonProperty("value_raw") String valueRaw, long timestamp, Window window) {
        String shown() {
            String shownKey = keyRaw != null ? keyRaw : String.valueOf(normal(key));
            String shownValue = valueRaw != null ? valueRaw : String.valueOf(normal(value));
            return shownKey + " | " + shownValue + " | " + timestamp + (window == null ? "" : " | " + window.start + ".." + window.end + " " + window.type);
        }
    }

    record Window(long start, long end, String type) {}

    /** Does what a server does with a command of its log, and starts the queries that come of it. */
    void execute(Parsed parsed) {
        Metastore next = metastore.copy();
        next.apply(sequence++, new Command(Command.VERSION, parsed.text(), Map.of()));
        metastore = next;
        next.queries().stream().filter(query -> !queries.containsKey(query.id())).forEach(this::start);
        List<String> ended = queries.keySet().stream().filter(id -> next.query(id).isEmpty()).toList();
        ended.forEach(id -> queries.remove(id).driver.close());
    }

    private void start(QueryDefinition definition) {
        StreamsBuilder builder = new StreamsBuilder();
        TopologyBuilder topologies = new TopologyBuilder(builder, new Silent());
        topologies.sink(topologies.build(definition.plan()), definition.plan(), definition.sink());
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, definition.id());
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1");
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        config.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
        config.put("__emit.interval.ms.kstreams.windowed.aggregation__", 0L);
        TopologyTestDriver driver = new TopologyTestDriver(builder.build(), config, Instant.EPOCH);
        Set<String> reads = new HashSet<>();
        definition.plan().inputs().forEach(input -> reads.add(input.source().topic()));
        queries.put(definition.id(), new Query(driver, reads,
                driver.createOutputTopic(definition.sink().topic(), new ByteArrayDeserializer(), new ByteArrayDeserializer()), definition.sink()));
    }

    void send(Record input) {
        Source source = source(input.topic());
        byte[] key = input.keyRaw() != null ? input.keyRaw().getBytes(StandardCharsets.UTF_8)
                : bytes(input.key(), source.keyFormat(), source.schema().key());
        if (input.window() != null && key != null) {
            boolean session = input.window().type().equals("session");
            ByteBuffer windowed = ByteBuffer.allocate(key.length + (session ? 16 : 8)).put(key);
            if (session) {
                windowed.putLong(input.window().end());
            }
            key = windowed.putLong(input.window().start()).array();
        }
        byte[] value = input.valueRaw() != null ? input.valueRaw().getBytes(StandardCharsets.UTF_8)
                : bytes(input.value(), source.valueFormat(), source.schema().value());
        deliver(input.topic(), key, value, input.timestamp());
    }

    private void deliver(String topic, byte[] key, byte[] value, long timestamp) {
        for (Query query : queries.values()) {
            if (query.reads.contains(topic)) {
                query.driver.createInputTopic(topic, new ByteArraySerializer(), new ByteArraySerializer()).pipeInput(key, value, timestamp);
                for (TestRecord<byte[], byte[]> record : query.output.readRecordsToList()) {
                    written.computeIfAbsent(query.sink.topic(), t -> new ArrayList<>()).add(new Written(query.sink, record));
                    deliver(query.sink.topic(), record.key(), record.value(), record.timestamp());
                }
            }
        }
    }

    private Source source(String topic) {
        return metastore.catalog().all().stream().filter(source -> source.topic().equals(topic)).findFirst()
                .orElseThrow(() -> new IllegalStateException("no source has the topic " + topic));
    }

    List<Written> written(String topic) {
        return written.getOrDefault(topic, List.of());
    }

    // -- Records -----------------------------------------------------------------------------------

    private static byte[] bytes(JsonNode node, Format format, List<Column> columns) {
        if (node == null || node.isNull() || columns.isEmpty()) {
            return null;
        }
        try {
            return switch (format.name()) {
                case JSON -> JSON.writeValueAsBytes(node);
                case DELIMITED -> node.asText().getBytes(StandardCharsets.UTF_8);
                default -> {
                    JsonNode one = node.isObject() ? node.elements().next() : node;
                    Object[] row = Format.JSON_KEY.codec(columns, true).decode(JSON.writeValueAsBytes(one));
                    yield format.codec(columns, true).encode(row);
                }
            };
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** A record that a query wrote. */
    record Written(Source sink, TestRecord<byte[], byte[]> record) {
        /** Shows it in the manner of an expected record: what is raw there is raw here. */
        String shownLike(Record expected) {
            byte[] key = record.key();
            String window = "";
            if (sink.window() != null && key != null) {
                int bounds = sink.window().isSession() ? 16 : 8;
                ByteBuffer buffer = ByteBuffer.wrap(key, key.length - bounds, bounds);
                long end = sink.window().isSession() ? buffer.getLong() : 0;
                long start = buffer.getLong();
                end = sink.window().isSession() ? end : start + sink.window().size().toMillis();
                window = " | " + start + ".." + end + " " + (sink.window().isSession() ? "session" : "time");
                key = Arrays.copyOf(key, key.length - bounds);
            }
            return shown(key, expected.keyRaw() != null, sink.keyFormat(), sink.schema().key(), true) + " | "
                    + shown(record.value(), expected.valueRaw() != null, sink.valueFormat(), sink.schema().value(), false) + " | "
                    + record.timestamp() + window;
        }

        private static String shown(byte[] bytes, boolean raw, Format format, List<Column> columns, boolean key) {
            if (bytes == null) {
                return "null";
            }
            if (raw) {
                return new String(bytes, StandardCharsets.UTF_8);
            }
            try {
                return String.valueOf(normal(format.name() == Format.Name.JSON ? JSON.readTree(bytes)
                        : json(format.codec(columns, key).decode(bytes), columns, key)));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        /** A single key column alone, several columns and all values as an object. */
        private static JsonNode json(Object[] row, List<Column> columns, boolean key) throws IOException {
            StringWriter text = new StringWriter();
            try (JsonGenerator to = JSON.getFactory().createGenerator(text)) {
                if (key && columns.size() == 1) {
                    JsonCodec.write(row[0], to);
                } else {
                    to.writeStartObject();
                    for (int i = 0; i < row.length; i++) {
                        to.writeFieldName(columns.get(i).name());
                        JsonCodec.write(row[i], to);
                    }
                    to.writeEndObject();
                }
            }
            return JSON.readTree(text.toString());
        }
    }

    /** JSON in one form: sorted fields, numbers without superfluous zeros, texts in quotes. */
    static Object normal(JsonNode node) {
        if (node == null || node.isNull() || node.isMissingNode()) {
            return null;
        }
        if (node.isNumber()) {
            return new BigDecimal(node.asText()).stripTrailingZeros().toPlainString();
        }
        if (node.isObject()) {
            Map<String, Object> fields = new TreeMap<>();
            node.properties().forEach(field -> fields.put(field.getKey(), normal(field.getValue())));
            return fields;
        }
        if (node.isArray()) {
            List<Object> list = new ArrayList<>();
            node.forEach(element -> list.add(normal(element)));
            return list;
        }
        return node.isTextual() ? node.toString() : node.asText();
    }

    @Override
    public void close() {
        queries.values().forEach(query -> query.driver.close());
    }

    /** Bad records are left out; what is told about them is tested elsewhere. */
    private static final class Silent implements ProcessingLog {
        @Override
        public void unreadable(String topic, int partition, long offset, boolean isKey, byte[] bytes, Exception cause) {}

        @Override
        public void failed(String step, Object[] row, Exception cause) {}

        @Override
        public void skipped(ConsumerRecord<?, ?> record, String reason) {}
    }
}
