package labkit.ksql.engine;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The settings of the Kafka Streams application that a query is. */
final class StreamsSettings {
    /** Replayed history has old timestamps: what the brokers deleted by them would be missing after a restart. */
    private static final String FOR_EVER = Long.toString(Long.MAX_VALUE);

    private StreamsSettings() {}

    static Properties persistent(ServerConfig config, String applicationId, QueryLog log) {
        Properties settings = new Properties();
        defaults(settings);
        config.streams().forEach((name, value) -> settings.put(name, value.toString()));
        // The former name of the cache's size.
        Object former = settings.remove("cache.max.bytes.buffering");
        if (former != null) {
            settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, former);
        }
        settings.putAll(config.clients());
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId);
        settings.put(StreamsConfig.APPLICATION_SERVER_CONFIG, config.host().host() + ":" + config.host().port());
        settings.put(StreamsConfig.STATE_DIR_CONFIG, config.stateDir().toString());
        settings.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, RocksDbMemory.class);
        settings.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, UnreadableRecords.class);
        settings.put(StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG, UnwritableRecords.class);
        settings.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG, UnprocessableRecords.class);
        settings.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_GLOBAL_ENABLED_CONFIG, "true");
        settings.put(QueryLog.CONFIG, log);
        return settings;
    }

    /** For a push query: every change is shown at once, and nothing has to outlive it. */
    static Properties transientQuery(ServerConfig config, String applicationId, QueryLog log) {
        Properties settings = persistent(config, applicationId, log);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, "0");
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, "1");
        settings.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, "0");
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, "100");
        // Whoever reads may take as long as it likes.
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG),
                Integer.toString(Integer.MAX_VALUE));
        return settings;
    }

    private static void defaults(Properties settings) {
        Map.<String, Object>ofEntries(
                Map.entry(StreamsConfig.WINDOW_STORE_CHANGE_LOG_ADDITIONAL_RETENTION_MS_CONFIG, FOR_EVER),
                // EMIT FINAL: look for closed windows with each record, and not once a second only.
                Map.entry(StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L),
                Map.entry(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, "false"),
                Map.entry(StreamsConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, "1000"),
                Map.entry(StreamsConfig.consumerPrefix(ConsumerConfig.ISOLATION_LEVEL_CONFIG), "read_committed"),
                // A server that was killed keeps its share of the work for so long.
                Map.entry(StreamsConfig.consumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG), "6000"),
                Map.entry(StreamsConfig.consumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG), "2000"),
                Map.entry(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), Integer.toString(8 << 20)))
                .forEach(settings::put);
    }
}
