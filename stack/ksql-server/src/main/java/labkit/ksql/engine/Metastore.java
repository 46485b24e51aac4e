package labkit.ksql.engine;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Statement;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.catalog.Source;
import labkit.ksql.parser.Parser;
import labkit.ksql.plan.Declarations;
import labkit.ksql.plan.Definition;

/**
 * What all commands up to some point of the log have made: streams, tables, and definitions of queries. The same
 * commands make the same on every server. Nothing is started here.
 */
final class Metastore {
    private final Catalog catalog;
    private final Map<String, QueryDefinition> queries;
    private final Set<String> ended;

    Metastore() {
        this(new Catalog(), new LinkedHashMap<>(), new HashSet<>());
    }

    private Metastore(Catalog catalog, Map<String, QueryDefinition> queries, Set<String> ended) {
        this.catalog = catalog;
        this.queries = queries;
        this.ended = ended;
    }

    Metastore copy() {
        return new Metastore(new Catalog(catalog), new LinkedHashMap<>(queries), new HashSet<>(ended));
    }

    Catalog catalog() {
        return catalog;
    }

    Collection<QueryDefinition> queries() {
        return Collections.unmodifiableCollection(queries.values());
    }

    Optional<QueryDefinition> query(String id) {
        return Optional.ofNullable(queries.get(id));
    }

    /** The ids of queries that were terminated. */
    Set<String> ended() {
        return Collections.unmodifiableSet(ended);
    }

    /**
     * Does what a command says.
     *
     * @param sequence the command's place in the log; ids of queries are made of it
     * @throws KsqlException if it cannot be done; then nothing is changed
     */
    CommandResult apply(long sequence, Command command) {
        Parsed parsed = Parser.parse(command.statement());
        return switch (parsed.statement()) {
            case Statement.CreateSource s -> create(sequence, s, parsed.text(), command.properties());
            case Statement.CreateAs s -> create(sequence, s, parsed.text(), command.properties());
            case Statement.InsertSelect s -> insert(sequence, s, parsed.text(), command.properties());
            case Statement.Drop s -> drop(sequence, s);
            case Statement.Terminate s -> terminate(sequence, s.queryId());
            case Statement.Pause s -> pause(sequence, s.queryId(), true);
            case Statement.Resume s -> pause(sequence, s.queryId(), false);
            default -> throw new KsqlException("This statement does not belong into the command log: " + parsed.text());
        };
    }

    // -- CREATE ------------------------------------------------------------------------------------

    private CommandResult create(long sequence, Statement.CreateSource statement, String text,
            Map<String, Object> properties) {
        String commandId = commandId(statement.kind(), statement.name(), "create");
        Source there = catalog.find(statement.name()).orElse(null);
        if (there != null && statement.ifNotExists()) {
            return CommandResult.success(commandId, -1, taken(statement.kind(), there), null);
        }
        if (there != null && !statement.orReplace()) {
            throw new KsqlException(taken(statement.kind(), there));
        }
        if (there != null) {
            requireReplaceable(there, statement.kind());
        }
        catalog.put(Declarations.source(statement, text, defaults(properties)));
        return CommandResult.success(commandId, sequence, capital(statement.kind())
                + (there == null ? " created" : " replaced"), null);
    }

    private CommandResult create(long sequence, Statement.CreateAs statement, String text,
            Map<String, Object> properties) {
        String commandId = commandId(statement.kind(), statement.name(), "create");
        Source there = catalog.find(statement.name()).orElse(null);
        if (there != null && statement.ifNotExists()) {
            return CommandResult.success(commandId, -1, taken(statement.kind(), there), null);
        }
        if (there != null && statement.orReplace()) {
            throw KsqlException.notSupported("CREATE OR REPLACE of " + there.name()
                    + ", which is there already: the upgrade of a query"
                    + " (here: DROP " + there.kind() + " " + there.name() + ";, then CREATE again)");
        }
        if (there != null) {
            throw new KsqlException(taken(statement.kind(), there));
        }
        String id = "C" + (statement.kind() == Kind.TABLE ? "T" : "S") + "AS_" + plainName(statement.name()) + "_"
                + sequence;
        Definition definition = Definition.of(catalog, withTopic(statement, properties), text, id);
        catalog.put(definition.sink());
        queries.put(id, new QueryDefinition(id, text, definition, properties, false));
        return CommandResult.success(commandId, sequence, "Created query with ID " + id, id);
    }

    private CommandResult insert(long sequence, Statement.InsertSelect statement, String text,
            Map<String, Object> properties) {
        String id = "INSERTQUERY_" + sequence;
        queries.put(id, new QueryDefinition(id, text, Definition.of(catalog, statement), properties, false));
        return CommandResult.success(commandId(Kind.STREAM, statement.target(), "create"), sequence,
                "Created query with ID " + id, id);
    }

    private static Statement.CreateAs withTopic(Statement.CreateAs statement, Map<String, Object> properties) {
        Object prefix = properties.getOrDefault("ksql.output.topic.name.prefix", "");
        if (prefix.toString().isEmpty() || statement.properties().containsKey("KAFKA_TOPIC")) {
            return statement;
        }
        Map<String, Object> with = new HashMap<>(statement.properties());
        with.put("KAFKA_TOPIC", prefix + statement.name());
        return new Statement.CreateAs(statement.kind(), statement.name(), with, statement.query(),
                statement.orReplace(), statement.ifNotExists());
    }

    static Declarations.Defaults defaults(Map<String, Object> properties) {
        return new Declarations.Defaults(
                Declarations.string(properties, "ksql.persistence.default.format.key", "KAFKA"),
                Declarations.string(properties, "ksql.persistence.default.format.value", null));
    }

    private void requireReplaceable(Source there, Kind kind) {
        if (there.kind() != kind) {
            throw new KsqlException("Cannot add " + kind.word() + " '" + there.name() + "': A " + there.kind().word()
                    + " with the same name already exists");
        }
        List<String> users = users(there.name(), null);
        if (!users.isEmpty()) {
            throw new KsqlException("Cannot replace " + there.kind().word() + " '" + there.name()
                    + "' while queries use it: " + users
                    + ". Terminate them first.");
        }
    }

    private static String taken(Kind kind, Source there) {
        return "Cannot add " + kind.word() + " '" + there.name() + "': A " + there.kind().word()
                + " with the same name already exists";
    }

    // -- DROP and TERMINATE ------------------------------------------------------------------------

    private CommandResult drop(long sequence, Statement.Drop statement) {
        String commandId = commandId(statement.kind(), statement.name(), "drop");
        Source source = catalog.find(statement.name()).orElse(null);
        if (source == null && statement.ifExists()) {
            return CommandResult.success(commandId, -1, "Source `" + statement.name() + "` does not exist.", null);
        }
        source = catalog.get(statement.name());
        if (source.kind() != statement.kind()) {
            throw new KsqlException("Incompatible data source type is " + source.kind() + ", but statement was DROP "
                    + statement.kind());
        }
        if (statement.deleteTopic() && source.readOnly()) {
            throw new KsqlException("Cannot delete the topic of the read-only " + source.kind().word() + ": "
                    + source.name());
        }
        String own = source.queryId();
        List<String> readers = queries.values().stream().filter(q -> q.reads(statement.name())).map(QueryDefinition::id)
                .toList();
        List<String> writers = queries.values().stream()
                .filter(q -> q.sink().name().equals(statement.name()) && !q.id().equals(own)).map(QueryDefinition::id)
                .toList();
        if (!readers.isEmpty() || !writers.isEmpty()) {
            throw new KsqlException("Cannot drop " + source.name() + ".\nThe following queries read from this source: "
                    + readers
                    + ".\nThe following queries write into this source: " + writers
                    + ".\nYou need to terminate them before dropping " + source.name() + ".");
        }
        if (own != null && queries.remove(own) != null) {
            ended.add(own);
        }
        catalog.remove(source.name());
        return CommandResult.success(commandId, sequence, "Source `" + source.name() + "` (topic: " + source.topic()
                + ") was dropped.", null);
    }

    /** The ids of the queries that read or write a source, except one. */
    private List<String> users(String source, String except) {
        return queries.values().stream().filter(q -> q.reads(source) || q.sink().name().equals(source))
                .map(QueryDefinition::id)
                .filter(id -> !id.equals(except)).toList();
    }

    private CommandResult terminate(long sequence, String id) {
        List<String> which = select(id);
        which.forEach(queries::remove);
        ended.addAll(which);
        return CommandResult.success("terminate/" + (id == null ? "ALL" : id) + "/execute", sequence,
                id == null ? "All queries terminated: " + which : "Query terminated.", id);
    }

    private CommandResult pause(long sequence, String id, boolean paused) {
        select(id).forEach(one -> queries.computeIfPresent(one, (same, query) -> query.withPaused(paused)));
        return CommandResult.success((paused ? "pause/" : "resume/") + (id == null ? "ALL" : id) + "/execute", sequence,
                (id == null ? "All queries " : "Query ") + (paused ? "paused." : "resumed."), id);
    }

    private List<String> select(String id) {
        if (id == null) {
            return new ArrayList<>(queries.keySet());
        }
        if (!queries.containsKey(id)) {
            throw new KsqlException("Unknown queryId: " + id + ". There are: "
                    + (queries.isEmpty() ? "no persistent queries" : String.join(", ", queries.keySet())) + ".");
        }
        return List.of(id);
    }

    // -- Names -------------------------------------------------------------------------------------

    static String commandId(Kind kind, String name, String what) {
        return kind.word() + "/`" + name + "`/" + what;
    }

    private static String capital(Kind kind) {
        return kind == Kind.STREAM ? "Stream" : "Table";
    }

    /** A query's id is part of the names of topics and groups, and is written without quotes. */
    private static String plainName(String name) {
        return name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9_]", "_");
    }
}
