package labkit.ksql.engine;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Query;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.catalog.Source;
import labkit.ksql.plan.Plan;
import labkit.ksql.plan.Planner;
import org.apache.kafka.common.TopicPartition;

/** Push and pull queries: those that answer whoever asks, and leave nothing. */
final class Queries implements AutoCloseable {
    private final ServerConfig config;
    private final Topics topics;
    private final Fleet fleet;
    private final Leftovers leftovers;
    private final ProcessingLogTopic errors;
    private final Peers peers = new Peers();
    private final Set<PushQuery> open = ConcurrentHashMap.newKeySet();

    Queries(ServerConfig config, Topics topics, Fleet fleet, Leftovers leftovers, ProcessingLogTopic errors) {
        this.config = config;
        this.topics = topics;
        this.fleet = fleet;
        this.leftovers = leftovers;
        this.errors = errors;
    }

    Collection<PushQuery> open() {
        return List.copyOf(open);
    }

    PushQuery push(Catalog catalog, Parsed query, ServerConfig settings) {
        return push(Planner.push(catalog, select(query)), settings);
    }

    private PushQuery push(Plan plan, ServerConfig settings) {
        new Provision(topics).requireSources(plan);
        PushQuery push = new PushQuery(plan, settings, errors, this::forget);
        open.add(push);
        return push;
    }

    private void forget(PushQuery push) {
        open.remove(push);
        leftovers.remove(push.applicationId());
    }

    private static Query select(Parsed parsed) {
        if (parsed.statement() instanceof Query query) {
            return query;
        }
        throw new KsqlException("Only SELECT statements can be run as queries: " + parsed.text());
    }

    PullResult pull(Catalog catalog, Parsed query, Map<String, Object> properties) {
        ServerConfig settings = config.withOverrides(properties);
        PullPlan pull = PullPlan.of(catalog, select(query));
        if (!pull.source().isTable()) {
            return pullStream(pull, settings);
        }
        if (pull.keys() == null && !settings.flag("ksql.query.pull.table.scan.enabled")) {
            throw new KsqlException("WHERE clause missing, or it does not name all keys, and"
                    + " 'ksql.query.pull.table.scan.enabled' is false. Give a value for each of "
                    + pull.source().schema().key() + ", or SET that property to true.");
        }
        return new PullQuery(keeper(pull.source()), pull, query, properties, topics, peers, config.host()).run();
    }

    /** The persistent query that keeps a table. */
    private PersistentQuery keeper(Source table) {
        String name = table.name();
        if (table.readOnly()) {
            throw KsqlException.notSupported("A pull query of " + name + ", a SOURCE table (here: CREATE TABLE QUERYABLE_"
                    + name + " AS SELECT * FROM " + name + "; and pull from that, or add EMIT CHANGES),");
        }
        return Optional.ofNullable(table.queryId()).flatMap(fleet::find)
                .filter(query -> query.materialization() != null)
                .orElseThrow(() -> new KsqlException("Can't pull from `" + name + "` as it's not a materialized table. "
                        + (table.queryId() != null
                                ? "The query " + table.queryId() + " that kept it does not run any more."
                                : "A table that is declared over a topic is not kept here: try CREATE TABLE QUERYABLE_"
                                        + name + " AS SELECT * FROM " + name
                                        + "; and pull from that, or add EMIT CHANGES.")));
    }

    private PullResult pullStream(PullPlan pull, ServerConfig settings) {
        String topic = pull.source().topic();
        Map<TopicPartition, Long> ends = new HashMap<>(topics.ends(topic));
        Map<TopicPartition, Long> beginnings = topics.beginnings(topic);
        ends.entrySet().removeIf(end -> end.getValue() <= beginnings.getOrDefault(end.getKey(), 0L));
        PushQuery push = push(pull.plan(), settings.withOverrides(Map.of("auto.offset.reset", "earliest")));
        if (ends.isEmpty()) {
            push.end();
        } else {
            Thread.ofVirtual().start(() -> new StreamEnd(push, topics, ends).follow());
        }
        return PullResult.of(push);
    }

    @Override
    public void close() {
        Collection<PushQuery> last = open();
        last.forEach(PushQuery::close);
        try {
            for (PushQuery push : last) {
                push.awaitGone(Duration.ofSeconds(2));
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
        peers.close();
    }
}
