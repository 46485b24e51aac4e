package labkit.ksql.engine;

import java.util.Map;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.streams.KafkaStreams;

/** Reads a query's figures from the metrics of Kafka Streams. */
final class QueryMetrics {
    private QueryMetrics() {}

    static PersistentQuery.Statistics of(KafkaStreams streams, String sink, Map<String, Long> errors) {
        double in = 0;
        double out = 0;
        double dropped = 0;
        if (streams != null) {
            for (Map.Entry<MetricName, ? extends Metric> metric : streams.metrics().entrySet()) {
                MetricName name = metric.getKey();
                String topic = name.tags().getOrDefault("topic", "");
                switch (name.group() + "/" + name.name()) {
                    // Internal topics do not count: their rows have been seen before.
                    case "stream-topic-metrics/records-consumed-total" ->
                        in += topic.startsWith("_confluent-ksql-") ? 0 : number(metric.getValue());
                    case "stream-topic-metrics/records-produced-total" -> out += sink.equals(topic)
                            ? number(metric.getValue()) : 0;
                    case "stream-task-metrics/dropped-records-total" -> dropped += number(metric.getValue());
                    default -> { }
                }
            }
        }
        // Kafka Streams counts what it drops for any reason; the others are known.
        long known = errors.entrySet().stream().filter(error -> QueryLog.isDropped(error.getKey()))
                .mapToLong(Map.Entry::getValue).sum();
        return new PersistentQuery.Statistics((long) in, (long) out, Math.max(0, (long) dropped - known), errors);
    }

    private static double number(Metric metric) {
        return metric.metricValue() instanceof Number number && !Double.isNaN(number.doubleValue())
                ? number.doubleValue() : 0;
    }
}
