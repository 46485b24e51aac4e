package labkit.ksql.engine;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Statement;
import labkit.ksql.catalog.Catalog;

/** Everything behind the REST interface: the catalog, the queries, and the command log they come from. */
public final class Engine implements AutoCloseable {
    private final ServerConfig config;

    public Engine(ServerConfig config) {
        this.config = config;
    }

    /** Begins to read the command log; returns at once, also while no broker answers. */
    public void start() {
        throw new UnsupportedOperationException();
    }

    public ServerConfig config() {
        return config;
    }

    /** Streams and tables as of now. */
    public Catalog catalog() {
        throw new UnsupportedOperationException();
    }

    /** The persistent queries, oldest first. */
    public Collection<PersistentQuery> queries() {
        throw new UnsupportedOperationException();
    }

    public Optional<PersistentQuery> query(String id) {
        throw new UnsupportedOperationException();
    }

    public Topics topics() {
        throw new UnsupportedOperationException();
    }

    /** Checks and does one of CREATE, CREATE AS, INSERT INTO, DROP, TERMINATE, PAUSE and RESUME, on all servers. */
    public CommandResult execute(Parsed statement, Map<String, Object> properties) {
        throw new UnsupportedOperationException();
    }

    /** Fails as {@link #execute} would, but changes nothing: for EXPLAIN of a statement. */
    public labkit.ksql.plan.Plan plan(Statement statement, Map<String, Object> properties) {
        throw new UnsupportedOperationException();
    }

    public void insertValues(Statement.InsertValues statement, Map<String, Object> properties) {
        throw new UnsupportedOperationException();
    }

    /** Writes one row; returns once the brokers have it. */
    public void insertRow(String target, Map<String, JsonNode> columns) {
        throw new UnsupportedOperationException();
    }

    public PushQuery push(Parsed query, Map<String, Object> properties) {
        throw new UnsupportedOperationException();
    }

    public PullResult pull(Parsed query, Map<String, Object> properties) {
        throw new UnsupportedOperationException();
    }

    /** The parts of the server and whether they work: metastore, kafka, commandRunner. */
    public Map<String, Boolean> health() {
        throw new UnsupportedOperationException();
    }

    public boolean healthy() {
        return !health().containsValue(false);
    }

    /** The addresses (host:port) of all servers that share this one's queries, this one included. */
    public Collection<String> servers() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
