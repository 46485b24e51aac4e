package labkit.ksql.rest;

import java.util.Optional;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Statement;
import labkit.ksql.engine.CommandResult;
import labkit.ksql.engine.Engine;

/** Carries out one statement, and says what came of it. */
final class Statements {
    private final Engine engine;
    private final RunningQueries running;
    private final CommandStatuses statuses;
    private final Listings listings;
    private final SourceDescriptions sources;
    private final QueryDescriptions queries;

    Statements(Engine engine, RunningQueries running, CommandStatuses statuses) {
        this.engine = engine;
        this.running = running;
        this.statuses = statuses;
        listings = new Listings(engine, running);
        sources = new SourceDescriptions(engine);
        queries = new QueryDescriptions(engine, running);
    }

    /** Returns nothing if there is nothing to say, as for SET and INSERT VALUES. */
    Optional<Entity> run(Parsed parsed, Session session) {
        if (session.apply(parsed.statement())) {
            return Optional.empty();
        }
        return Optional.ofNullable(switch (parsed.statement()) {
            case Statement.InsertValues insert -> {
                engine.insertValues(insert, session.properties());
                yield null;
            }
            case Statement.Terminate t when t.queryId() != null && running.close(t.queryId()) ->
                new Entity.CurrentStatus(parsed.text(), "terminate/" + t.queryId() + "/execute",
                        new Entity.CommandStatus("SUCCESS", "Query terminated.", t.queryId()), -1);
            case Statement.Show show -> show(parsed.text(), show, session);
            case Statement.DescribeFunction describe -> FunctionDescriptions.of(parsed.text(), describe.name());
            case Statement.DescribeAll all -> describeAll(parsed.text(), all.kind(), all.extended());
            case Statement.Describe describe ->
                new Entity.Source(parsed.text(), sources.describe(engine.catalog().get(describe.name()),
                        describe.extended()));
            case Statement.Explain explain -> new Entity.Query(parsed.text(), queries.explain(explain, session));
            default -> command(parsed, session);
        });
    }

    private Entity command(Parsed parsed, Session session) {
        CommandResult result = engine.execute(parsed, session.properties());
        if (result.sequenceNumber() < 0) {
            return new Entity.Warning(parsed.text(), result.message());
        }
        Entity.CommandStatus status = new Entity.CommandStatus(result.status(), result.message(), result.queryId());
        statuses.put(result.commandId(), status);
        return new Entity.CurrentStatus(parsed.text(), result.commandId(), status, result.sequenceNumber());
    }

    private Entity show(String text, Statement.Show show, Session session) {
        return switch (show.subject()) {
            case STREAMS -> show.extended() ? describeAll(text, Kind.STREAM, true) : listings.streams(text);
            case TABLES -> show.extended() ? describeAll(text, Kind.TABLE, true) : listings.tables(text);
            case TOPICS -> listings.topics(text, show.all(), show.extended());
            case QUERIES -> show.extended() ? queries.all(text) : listings.queries(text);
            case PROPERTIES -> listings.properties(text, session);
            case FUNCTIONS -> FunctionDescriptions.names(text);
            case VARIABLES -> listings.variables(text, session);
        };
    }

    private Entity describeAll(String text, Kind kind, boolean extended) {
        return new Entity.Sources(text, engine.catalog().all().stream().filter(source -> source.kind() == kind)
                .map(source -> sources.describe(source, extended)).toList());
    }
}
