package labkit.ksql.bench;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;
import org.apache.kafka.streams.kstream.WindowedSerdes;
import org.apache.kafka.streams.state.WindowStore;

/**
 * What somebody would write in Java instead of SQL: the yardstick of {@code python -m tools.bench ksql}.
 *
 * <p>Arguments: tumbling, hopping or topk; bootstrap servers; topic with sales; state folder; then the names of runs:
 * each is an application id, its output topic, and begins at a line on standard input.
 */
public final class Handwritten {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BEST = 10;

    private Handwritten() {}

    @JsonIgnoreProperties(ignoreUnknown = true)
    record Sale(String sale_id, String store_id, String sku, int quantity, BigDecimal unit_price, String event_time) {}

    record Totals(long events, long units, BigDecimal revenue) {
        Totals add(Sale sale) {
            return new Totals(events + 1, units + sale.quantity(), revenue.add(sale.unit_price().multiply(BigDecimal.valueOf(sale.quantity()))));
        }
    }

    public static void main(String[] words) throws Exception {
        for (int run = 4; run < words.length; run++) {
            System.in.read();
            KafkaStreams streams = new KafkaStreams(topology(words[0], words[2], words[run]), config(words[1], words[3], words[run]));
            streams.start();
            System.in.read();
            streams.close(Duration.ofSeconds(30));
        }
    }

    private static Properties config(String bootstrap, String folder, String application) {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
        config.put(StreamsConfig.STATE_DIR_CONFIG, folder);
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 10_000_000);
        config.put("auto.offset.reset", "earliest");
        return config;
    }

    private static org.apache.kafka.streams.Topology topology(String kind, String input, String output) {
        StreamsBuilder builder = new StreamsBuilder();
        Serde<Sale> sales = json(new TypeReference<>() {});
        KStream<String, Sale> stream = builder.stream(input, Consumed.with(Serdes.String(), sales)
                .withTimestampExtractor((record, time) -> Instant.parse(((Sale) record.value()).event_time()).toEpochMilli()));
        Duration hour = Duration.ofHours(1);
        TimeWindows windows = TimeWindows.ofSizeAndGrace(hour, Duration.ofHours(23));
        switch (kind) {
            case "tumbling", "hopping" -> {
                Serde<Totals> totals = json(new TypeReference<>() {});
                stream.groupBy((key, sale) -> sale.sku(), Grouped.with(Serdes.String(), sales))
                        .windowedBy(kind.equals("hopping") ? windows.advanceBy(Duration.ofMinutes(10)) : windows)
                        .aggregate(() -> new Totals(0, 0, BigDecimal.ZERO), (sku, sale, sum) -> sum.add(sale),
                                Materialized.<String, Totals, WindowStore<Bytes, byte[]>>as("totals").withKeySerde(Serdes.String())
                                        .withValueSerde(totals).withRetention(Duration.ofDays(1)))
                        .toStream().to(output, Produced.with(keys(hour), totals));
            }
            case "topk" -> {
                Serde<List<Integer>> lists = json(new TypeReference<>() {});
                stream.groupByKey(Grouped.with(Serdes.String(), sales)).windowedBy(windows)
                        .aggregate(ArrayList::new, (store, sale, best) -> insert(best, sale.quantity()),
                                Materialized.<String, List<Integer>, WindowStore<Bytes, byte[]>>as("best").withKeySerde(Serdes.String())
                                        .withValueSerde(lists).withRetention(Duration.ofDays(1)))
                        .toStream().to(output, Produced.with(keys(hour), lists));
            }
            default -> throw new IllegalArgumentException(kind + " is none of tumbling, hopping, topk");
        }
        return builder.build();
    }

    private static Serde<Windowed<String>> keys(Duration size) {
        return WindowedSerdes.timeWindowedSerdeFrom(String.class, size.toMillis());
    }

    private static List<Integer> insert(List<Integer> best, int quantity) {
        if (best.size() == BEST && quantity <= best.getLast()) {
            return best;
        }
        List<Integer> next = new ArrayList<>(best);
        next.add(quantity);
        next.sort(Comparator.reverseOrder());
        return next.size() > BEST ? next.subList(0, BEST) : next;
    }

    private static <T> Serde<T> json(TypeReference<T> type) {
        var reader = JSON.readerFor(type);
        var writer = JSON.writerFor(type);
        return Serdes.serdeFrom((topic, value) -> {
            try {
                return value == null ? null : writer.writeValueAsBytes(value);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }, (topic, bytes) -> {
            try {
                return bytes == null ? null : reader.readValue(bytes);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        });
    }
}
