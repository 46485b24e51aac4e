package labkit.ksql.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The persistent queries that run on this server. */
final class Fleet implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Fleet.class);
    private final ServerConfig config;
    private final ProcessingLogTopic errors;
    private final Leftovers leftovers;
    private final Set<String> toRemove = ConcurrentHashMap.newKeySet();
    private volatile Map<String, PersistentQuery> running = Map.of();

    Fleet(ServerConfig config, ProcessingLogTopic errors, Leftovers leftovers) {
        this.config = config;
        this.errors = errors;
        this.leftovers = leftovers;
    }

    /** Oldest first. */
    Collection<PersistentQuery> all() {
        return Collections.unmodifiableCollection(running.values());
    }

    Optional<PersistentQuery> find(String id) {
        return Optional.ofNullable(running.get(id));
    }

    /** Makes a query without starting it, to see whether it can be made. */
    PersistentQuery make(QueryDefinition definition) {
        return new PersistentQuery(definition, config, errors);
    }

    /** Makes what runs here equal to what the metastore says: starts, stops, pauses. */
    synchronized void follow(Metastore metastore) {
        Map<String, PersistentQuery> next = new LinkedHashMap<>();
        List<PersistentQuery> started = new ArrayList<>();
        for (QueryDefinition definition : metastore.queries()) {
            PersistentQuery query = running.get(definition.id());
            try {
                if (query == null) {
                    query = make(definition);
                    started.add(query);
                }
                query.setPaused(definition.paused());
                next.put(definition.id(), query);
            } catch (RuntimeException error) {
                LOG.error("{} cannot be made: {}", definition.id(), definition.text(), error);
            }
        }
        List<PersistentQuery> stopped = running.values().stream().filter(query -> !next.containsKey(query.id()))
                .toList();
        running = next;
        stop(stopped);
        stopped.forEach(query -> toRemove.add(query.applicationId()));
        removeLeftovers();
        started.forEach(PersistentQuery::start);
    }

    /** What other servers still used cannot be removed at once. */
    private void removeLeftovers() {
        toRemove.removeIf(leftovers::remove);
    }

    /** Is run now and then, with the names of all topics. */
    synchronized void look(Set<String> topics) {
        running.values().forEach(query -> query.recover(topics));
        removeLeftovers();
    }

    /** All at once, because each takes its time. */
    private static void stop(Collection<PersistentQuery> queries) {
        List<Thread> stopping = queries.stream().map(query -> Thread.ofPlatform().name(query.id() + "-stop")
                .start(query::stop)).toList();
        try {
            for (Thread thread : stopping) {
                thread.join();
            }
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void close() {
        stop(running.values());
    }
}
