package labkit.ksql.engine;

import java.util.Set;
import labkit.ksql.KsqlException;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.StreamsConfig;

/** The properties that a request may set. */
public final class Overrides {
    /** A server asks another one for the rows that only that one has. */
    static final String FORWARDED = "ksql.query.pull.forwarded";

    private static final Set<String> OF_THE_SERVER = Set.of("bootstrap.servers", "application.id",
            "application.server", "state.dir",
            "client.id", "group.id", "transactional.id", "ksql.service.id", "ksql.advertised.listener", "listeners");
    private static final Set<String> KSQL = Set.of(FORWARDED, "ksql.persistence.default.format.key",
            "ksql.persistence.default.format.value",
            "ksql.query.pull.table.scan.enabled", "ksql.query.pull.max.allowed.offset.lag",
            "ksql.query.pull.enable.standby.reads",
            "ksql.query.pull.consistency.token.enabled", "ksql.query.push.v2.enabled", "ksql.output.topic.name.prefix",
            "ksql.fail.on.deserialization.error", "ksql.fail.on.production.error", "ksql.insert.into.values.enabled",
            "ksql.functions.collect_list.limit", "ksql.functions.collect_set.limit");
    private static final String[] CLIENTS = {
        "main.consumer.", "restore.consumer.", "global.consumer.", "consumer.", "producer.", "admin.", "topic."};

    private Overrides() {}

    /** Returns the name that a property has in a file: Kafka Streams' own get {@code ksql.streams.} in front. */
    public static String fullName(String name) {
        if (KSQL.contains(name)) {
            return name;
        }
        String own = name.startsWith(ServerConfig.STREAMS) ? name.substring(ServerConfig.STREAMS.length()) : name;
        if (OF_THE_SERVER.contains(own)) {
            throw new KsqlException("Cannot override property '" + name
                    + "': it belongs to the server and is the same for all requests.");
        }
        if (!isStreams(own)) {
            throw new KsqlException("Not recognizable as ksql, streams, consumer, or producer property: '" + name + "'."
                    + " SHOW PROPERTIES; lists the server's.");
        }
        return ServerConfig.STREAMS + own;
    }

    /** Fails if a consumer would not take that value, before a query fails of it; "" asks for the name only. */
    static void check(String name, Object value) {
        String own = fullName(name);
        own = own.startsWith(ServerConfig.STREAMS) ? own.substring(ServerConfig.STREAMS.length()) : own;
        own = own.startsWith("consumer.") ? own.substring("consumer.".length()) : own;
        ConfigDef.ConfigKey key = ConsumerConfig.configDef().configKeys().get(own);
        if (key == null || value == null || value.toString().isEmpty()) {
            return;
        }
        try {
            Object parsed = ConfigDef.parseType(own, value.toString(), key.type);
            if (key.validator != null) {
                key.validator.ensureValid(own, parsed);
            }
        } catch (ConfigException error) {
            throw new KsqlException(error.getMessage(), error);
        }
    }

    private static boolean isStreams(String name) {
        for (String client : CLIENTS) {
            if (name.startsWith(client)) {
                return client.equals("topic.") || isClient(name.substring(client.length()));
            }
        }
        return StreamsConfig.configDef().names().contains(name) || name.equals("cache.max.bytes.buffering")
                || isClient(name);
    }

    private static boolean isClient(String name) {
        return ConsumerConfig.configNames().contains(name) || ProducerConfig.configNames().contains(name)
                || AdminClientConfig.configNames().contains(name);
    }
}
