package labkit.ksql.rest;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;

/** The push queries that clients are reading from this server. */
final class RunningQueries {
    private final Map<String, RunningQuery> queries = new ConcurrentSkipListMap<>();
    private volatile boolean stopping;

    record RunningQuery(String text, Rows rows) {
        String id() {
            return rows.id();
        }
    }

    void add(RunningQuery query) {
        queries.put(query.id(), query);
    }

    void remove(String id) {
        queries.remove(id);
    }

    Collection<RunningQuery> all() {
        return queries.values();
    }

    /** In any case: in a statement the id is a name, and those are upper-case unless they are quoted. */
    Optional<RunningQuery> find(String id) {
        return queries.values().stream().filter(query -> query.id().equalsIgnoreCase(id)).findFirst();
    }

    /** Ends a query, and with it the answer that its client reads; returns false if there is none of that id. */
    boolean close(String id) {
        Optional<RunningQuery> found = find(id);
        found.ifPresent(query -> query.rows().close());
        return found.isPresent();
    }

    /** True once the server stops: a query that ends now has not come to its end. */
    boolean isStopping() {
        return stopping;
    }

    void stop() {
        stopping = true;
        queries.values().forEach(query -> query.rows().close());
    }
}
