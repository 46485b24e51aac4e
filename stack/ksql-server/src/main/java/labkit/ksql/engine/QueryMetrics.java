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
        double late = 0;
        if (streams != null) {
            for (Map.Entry<MetricName, ? extends Metric> metric : streams.metrics().entrySet()) {
                MetricName name = metric.getKey();
                String topic = name.tags().get("topic-name");
                switch (name.name()) {
                    // Internal topics do not count: their rows have been seen before.
                    case "records-consumed-total" -> in += topic == null || topic.startsWith("_confluent-ksql-") ? 0 : number(metric.getValue());
                    case "records-produced-total" -> out += sink.equals(topic) ? number(metric.getValue()) : 0;
                    case "dropped-records-total" -> late += number(metric.getValue());
                    default -> { }
                }
            }
        }
        return new PersistentQuery.Statistics((long) in, (long) out, (long) late, errors);
    }

    private static double number(Metric metric) {
        return metric.metricValue() instanceof Number number && !Double.isNaN(number.doubleValue()) ? number.doubleValue() : 0;
    }
}
