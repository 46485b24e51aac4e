package labkit.ksql.engine;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Query;
import labkit.ksql.ast.Statement;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.parser.Parser;
import labkit.ksql.plan.Definition;
import labkit.ksql.plan.Plan;
import labkit.ksql.plan.Planner;
import labkit.ksql.topology.TopologyBuilder;
import org.apache.kafka.streams.StreamsBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything behind the REST interface: the catalog, the queries, and the command log they come from. */
public final class Engine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Engine.class);
    private static final long LOOK_MILLIS = 2000;
    /** Long enough for the brokers to give up a server that was killed. */
    private static final int TIDY_TIMES = 30;

    private final ServerConfig config;
    private final Topics topics;
    private final ProcessingLogTopic errors;
    private final Leftovers leftovers;
    private final Fleet fleet;
    private final Commands commands;
    private final RowWriter writer;
    private final Queries queries;
    private final ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(
            task -> Thread.ofPlatform().name("watch").daemon().unstarted(task));
    private volatile boolean brokersAnswer;

    public Engine(ServerConfig config) {
        this.config = config;
        topics = new Topics(config);
        errors = new ProcessingLogTopic(config);
        leftovers = new Leftovers(config, topics);
        fleet = new Fleet(config, errors, leftovers);
        commands = new Commands(config, topics, fleet, this::ready);
        queries = new Queries(config, topics, fleet, leftovers, errors);
        writer = new RowWriter(config);
    }

    /** Begins to read the command log; returns at once, also while no broker answers. */
    public void start() {
        leftovers.removeStateOfPushQueries();
        commands.start();
        watch.scheduleWithFixedDelay(this::look, 0, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The command log has been read, and the queries run. */
    private void ready(Metastore metastore) {
        Thread.ofPlatform().name("tidy").daemon().start(() -> {
            while (!watch.isShutdown() && !keepProcessingLog()) {
                pause();
            }
            for (int i = 0; i < TIDY_TIMES && !watch.isShutdown() && !leftovers.removeAll(metastore.ended()); i++) {
                pause();
            }
        });
    }

    private static void pause() {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
    }

    private boolean keepProcessingLog() {
        try {
            errors.start(topics);
            if (config.flag("ksql.logging.processing.stream.auto.create")
                    && catalog().find(config.get("ksql.logging.processing.stream.name")).isEmpty()) {
                commands.execute(Parser.parse(ProcessingLogTopic.declaration(config)), Map.of());
            }
            return true;
        } catch (RuntimeException error) {
            LOG.warn("The processing log is not kept in a topic yet: {}", error.getMessage());
            return false;
        }
    }

    private void look() {
        try {
            Set<String> names = topics.names();
            brokersAnswer = true;
            fleet.look(names);
        } catch (RuntimeException error) {
            brokersAnswer = false;
            LOG.debug("no look at the topics: {}", error.getMessage());
        }
    }

    // -- What there is -----------------------------------------------------------------------------

    public ServerConfig config() {
        return config;
    }

    /** Streams and tables as of now; waits until the command log has been read once. */
    public Catalog catalog() {
        commands.requireLive();
        return commands.metastore().catalog();
    }

    /** The persistent queries, oldest first; waits until the command log has been read once. */
    public Collection<PersistentQuery> queries() {
        commands.requireLive();
        return fleet.all();
    }

    public Optional<PersistentQuery> query(String id) {
        commands.requireLive();
        return fleet.find(id);
    }

    public Topics topics() {
        return topics;
    }

    /** The parts of the server and whether they work: metastore, kafka, commandRunner. */
    public Map<String, Boolean> health() {
        Map<String, Boolean> parts = new LinkedHashMap<>();
        parts.put("metastore", commands.trouble() == null);
        parts.put("kafka", brokersAnswer);
        parts.put("commandRunner", commands.live() && commands.trouble() == null);
        return parts;
    }

    public boolean healthy() {
        return !health().containsValue(false);
    }

    /** The addresses (host:port) of all servers that share this one's queries, this one included. */
    public Collection<String> servers() {
        Set<String> servers = new TreeSet<>();
        servers.add(config.host().host() + ":" + config.host().port());
        fleet.all().stream().map(PersistentQuery::streams).filter(streams -> streams != null
                && streams.state().isRunningOrRebalancing())
                .flatMap(streams -> streams.metadataForAllStreamsClients().stream()).map(server -> server.hostInfo())
                .filter(host -> host.port() > 0).forEach(host -> servers.add(host.host() + ":" + host.port()));
        return servers;
    }

    // -- Statements --------------------------------------------------------------------------------

    /** Checks and does one of CREATE, CREATE AS, INSERT INTO, DROP, TERMINATE, PAUSE and RESUME, on all servers. */
    public CommandResult execute(Parsed statement, Map<String, Object> properties) {
        return commands.execute(statement, properties);
    }

    /** Waits until the command of that number has been carried out here. */
    public void await(long sequenceNumber) {
        commands.await(sequenceNumber);
    }

    /** What a query would do; {@code sinks} are the streams or tables it would write to. */
    public record Explanation(Plan plan, List<String> sinks, String topology) {}

    /** Plans a SELECT, CREATE AS or INSERT INTO, and changes nothing. */
    public Explanation explain(Parsed parsed, Map<String, Object> properties) {
        config.withOverrides(properties);
        commands.requireLive();
        StreamsBuilder builder = new StreamsBuilder();
        TopologyBuilder steps = new TopologyBuilder(builder, new QueryLog("explain", errors));
        Plan plan;
        List<String> sinks = List.of();
        if (parsed.statement() instanceof Query query) {
            plan = query.emit() == null ? PullPlan.of(catalog(), query).plan() : Planner.push(catalog(), query);
            steps.build(plan);
        } else {
            Definition definition = switch (parsed.statement()) {
                case Statement.CreateAs create -> Definition.of(catalog(), create, parsed.text(), null);
                case Statement.InsertSelect insert -> Definition.of(catalog(), insert);
                default -> throw new KsqlException(
                        "Only queries can be explained: SELECT, CREATE ... AS SELECT, INSERT INTO ... SELECT.");
            };
            plan = definition.plan();
            sinks = List.of(definition.sink().name());
            steps.sink(steps.build(plan), plan, definition.sink());
        }
        return new Explanation(plan, sinks, builder.build().describe().toString());
    }

    public void insertValues(Statement.InsertValues statement, Map<String, Object> properties) {
        config.withOverrides(properties);
        commands.requireLive();
        writer.write(Insertion.of(catalog().get(statement.target()), statement));
    }

    /** Writes one row; returns once the brokers have it. */
    public void insertRow(String target, Map<String, JsonNode> columns) {
        commands.requireLive();
        writer.write(Insertion.of(catalog().get(target), columns));
    }

    // -- Queries -----------------------------------------------------------------------------------

    /** Starts a SELECT with EMIT CHANGES (or FINAL); whoever asked closes it. */
    public PushQuery push(Parsed query, Map<String, Object> properties) {
        commands.requireLive();
        return queries.push(catalog(), query, config.withOverrides(properties));
    }

    /** Answers a SELECT without EMIT: what a table has now, or what a stream has had until now. */
    public PullResult pull(Parsed query, Map<String, Object> properties) {
        commands.requireLive();
        return queries.pull(catalog(), query, properties);
    }

    @Override
    public void close() {
        watch.shutdownNow();
        commands.close();
        queries.close();
        fleet.close();
        writer.close();
        errors.close();
        topics.close();
    }
}
