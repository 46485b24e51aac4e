package labkit.ksql.engine;

import java.io.IOException;
import java.io.Reader;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import labkit.ksql.KsqlException;
import org.apache.kafka.streams.state.HostInfo;

/** The server's settings: a file of properties, and variables {@code KSQL_...} of the environment, which win. */
public final class ServerConfig {
    /** What stands in front of the names of Kafka Streams' own settings. */
    public static final String STREAMS = "ksql.streams.";
    private static final String PREFIX = "KSQL_";
    private static final Pattern FROM_ENVIRONMENT = Pattern.compile("\\$\\{env:([A-Za-z_][A-Za-z0-9_]*)}");
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("bootstrap.servers", "localhost:9092"),
            Map.entry("listeners", "http://127.0.0.1:8088"),
            Map.entry("ksql.service.id", "default_"),
            Map.entry("ksql.output.topic.name.prefix", ""),
            Map.entry("ksql.persistence.default.format.key", "KAFKA"),
            Map.entry("ksql.logging.processing.topic.auto.create", "false"),
            Map.entry("ksql.logging.processing.stream.auto.create", "false"),
            Map.entry("ksql.logging.processing.stream.name", "KSQL_PROCESSING_LOG"),
            Map.entry("ksql.logging.processing.topic.partitions", "1"),
            Map.entry("ksql.logging.processing.rows.include", "false"),
            Map.entry("ksql.query.pull.table.scan.enabled", "true"),
            Map.entry("ksql.streams.auto.offset.reset", "latest"),
            Map.entry("ksql.streams.commit.interval.ms", "2000"),
            Map.entry("ksql.streams.statestore.cache.max.bytes", "10000000"),
            Map.entry("ksql.streams.num.stream.threads", "4"));

    private final SortedMap<String, String> properties;
    private final SortedMap<String, Object> overrides;

    private ServerConfig(SortedMap<String, String> properties, SortedMap<String, Object> overrides) {
        this.properties = properties;
        this.overrides = overrides;
    }

    /** Takes settings as they are; what is missing has its default. */
    public static ServerConfig of(Map<String, String> settings) {
        SortedMap<String, String> all = new TreeMap<>(DEFAULTS);
        all.putAll(settings);
        all.putIfAbsent("ksql.logging.processing.topic.name", all.get("ksql.service.id") + "ksql_processing_log");
        return new ServerConfig(all, new TreeMap<>());
    }

    /** Reads a file, in which {@code ${env:NAME}} stands for a variable, and the environment. */
    public static ServerConfig load(Path file, Map<String, String> environment) throws IOException {
        Properties lines = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            lines.load(reader);
        }
        Map<String, String> settings = new HashMap<>();
        lines.forEach((name, value) -> settings.put(name.toString().trim(),
                resolve(value.toString().trim(), environment)));
        environment.forEach((name, value) -> {
            String property = property(name);
            if (property != null) {
                settings.put(property, value);
            }
        });
        return of(settings);
    }

    /** {@code KSQL_KSQL_SERVICE_ID} is ksql.service.id; as in ksqlDB's images __ is an underscore, ___ a hyphen. */
    private static String property(String variable) {
        if (!variable.startsWith(PREFIX)) {
            return null;
        }
        String name = variable.substring(PREFIX.length()).toLowerCase(Locale.ROOT)
                .replace("___", "-").replace("__", "\0").replace('_', '.').replace('\0', '_');
        return name.startsWith("ksql.") || DEFAULTS.containsKey(name) ? name : null;
    }

    private static String resolve(String value, Map<String, String> environment) {
        return FROM_ENVIRONMENT.matcher(value).replaceAll(match -> {
            String found = environment.get(match.group(1));
            if (found == null) {
                throw new KsqlException("The settings name the variable " + match.group(1)
                        + ", but the environment does not have it.");
            }
            return Matcher.quoteReplacement(found);
        });
    }

    /** Adds properties of a request, under their short or their full names; refuses those that do not exist. */
    public ServerConfig withOverrides(Map<String, Object> request) {
        SortedMap<String, Object> both = new TreeMap<>(overrides);
        request.forEach((name, value) -> {
            Overrides.check(name, value);
            both.put(Overrides.fullName(name), value);
        });
        return new ServerConfig(properties, both);
    }

    /** Returns a setting, or null. */
    public String get(String name) {
        Object override = overrides.get(name);
        return override == null ? properties.get(name) : override.toString();
    }

    public boolean flag(String name) {
        return Boolean.parseBoolean(get(name));
    }

    public int number(String name) {
        try {
            return Integer.parseInt(get(name));
        } catch (NumberFormatException error) {
            throw new KsqlException("Invalid value for '" + name + "': " + get(name) + ". It must be a whole number.");
        }
    }

    /** All settings by name, without what a request added. */
    public SortedMap<String, String> all() {
        return new TreeMap<>(properties);
    }

    public List<URI> listeners() {
        return Arrays.stream(get("listeners").split(",")).map(String::trim).map(URI::create).toList();
    }

    /** Under which other servers reach this one. */
    public URI advertisedListener() {
        String own = get("ksql.advertised.listener");
        URI address = own == null ? listeners().getFirst() : URI.create(own);
        if (!address.getHost().equals("0.0.0.0")) {
            return address;
        }
        try {
            return URI.create(address.getScheme() + "://" + InetAddress.getLocalHost().getHostAddress() + ":"
                    + address.getPort());
        } catch (UnknownHostException error) {
            return address;
        }
    }

    HostInfo host() {
        URI own = advertisedListener();
        return new HostInfo(own.getHost(), own.getPort());
    }

    public String bootstrapServers() {
        return get("bootstrap.servers");
    }

    public String serviceId() {
        return get("ksql.service.id");
    }

    /** The beginning of the names of all groups and topics that the server makes for itself. */
    public String internalPrefix() {
        return "_confluent-ksql-" + serviceId();
    }

    public Path stateDir() {
        String own = get(STREAMS + "state.dir");
        return own == null ? Path.of(System.getProperty("java.io.tmpdir"), "kafka-streams") : Path.of(own);
    }

    /** Settings of Kafka Streams, by their own names; a request's win. */
    public Map<String, Object> streams() {
        Map<String, Object> streams = new TreeMap<>();
        properties.forEach((name, value) -> putStreams(streams, name, value));
        overrides.forEach((name, value) -> putStreams(streams, name, value));
        return streams;
    }

    private static void putStreams(Map<String, Object> to, String name, Object value) {
        if (name.startsWith(STREAMS)) {
            to.put(name.substring(STREAMS.length()), value);
        }
    }

    /** The settings of a producer that waits for each record to be stored, and not for ever. */
    Map<String, Object> patientProducer(String client) {
        Map<String, Object> settings = new HashMap<>(clients());
        settings.put("client.id", internalPrefix() + client);
        settings.put("acks", "all");
        settings.put("linger.ms", 0);
        settings.put("max.block.ms", 10_000);
        settings.put("request.timeout.ms", 5_000);
        settings.put("delivery.timeout.ms", 15_000);
        settings.put("buffer.memory", 8 << 20);
        settings.put("reconnect.backoff.max.ms", 1000);
        settings.put("enable.metrics.push", false);
        return settings;
    }

    /** What any Kafka client needs to reach the brokers. */
    public Map<String, Object> clients() {
        Map<String, Object> client = new HashMap<>();
        properties.forEach((name, value) -> {
            if (name.matches("(security|ssl|sasl)\\..*")) {
                client.put(name, value);
            }
        });
        client.put("bootstrap.servers", bootstrapServers());
        return client;
    }
}
