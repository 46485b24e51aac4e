package labkit.ksql.rest;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Statement;
import labkit.ksql.engine.Engine;
import labkit.ksql.engine.PersistentQuery;
import labkit.ksql.plan.Plan;

/** What EXPLAIN tells about a query. */
final class QueryDescriptions {
    private final Engine engine;
    private final RunningQueries running;

    QueryDescriptions(Engine engine, RunningQueries running) {
        this.engine = engine;
        this.running = running;
    }

    Entity all(String text) {
        return new Entity.QueryDescriptionList(text, engine.queries().stream().map(this::describe).toList());
    }

    Entity.QueryDescription explain(Statement.Explain explain, Session session) {
        if (explain.queryId() == null) {
            Engine.Explanation explanation = engine.explain(explain.statement(), session.properties());
            return describe(explain.statement().text(), explanation.plan(), explanation.sinks(), explanation.topology(),
                    Map.copyOf(session.overrides()), new Life("", Map.of(), "", List.of(), ""));
        }
        return engine.query(explain.queryId()).map(this::describe)
                .orElseThrow(() -> new KsqlException(unknown(explain.queryId())));
    }

    private String unknown(String id) {
        List<String> ids = engine.queries().stream().map(PersistentQuery::id).toList();
        return running.find(id).isPresent()
                ? "The push query " + id + " has no description while it runs. EXPLAIN its statement: EXPLAIN SELECT"
                        + " ...;"
                : "Query with id:" + id + " does not exist, use SHOW QUERIES to view the full set of queries."
                        + " There are: "
                        + (ids.isEmpty() ? "none" : String.join(", ", ids)) + ".";
    }

    private Entity.QueryDescription describe(PersistentQuery query) {
        PersistentQuery.Condition condition = query.condition();
        URI own = engine.config().advertisedListener();
        List<Entity.QueryError> errors = new ArrayList<>();
        if (condition.reason() != null) {
            errors.add(new Entity.QueryError(System.currentTimeMillis(), condition.reason(), "UNKNOWN"));
        }
        return describe(query.text(), query.plan(), List.of(query.sink().name()), query.topology(), query.properties(),
                new Life(query.id(), Map.of(own.getHost() + ":" + own.getPort(), condition.state().name()),
                        "PERSISTENT", errors, condition.state().name()));
    }

    /** What only a query has that runs. */
    private record Life(String id, Map<String, String> status, String type, List<Entity.QueryError> errors,
            String state) {}

    private static Entity.QueryDescription describe(String text, Plan plan, List<String> sinks, String topology,
            Map<String, ?> properties, Life life) {
        return new Entity.QueryDescription(life.id(), text, plan.window() == null ? null : plan.window().type().name(),
                Schemas.fields(plan.schema()), plan.inputs().stream().map(input -> input.source().name()).toList(),
                sinks, topology, steps(plan), Map.copyOf(properties), life.status(), life.type(), life.errors(),
                List.of(), life.state());
    }

    /** One step per line, each one indented below the one that takes its rows. */
    private static String steps(Plan plan) {
        StringBuilder text = new StringBuilder();
        int depth = 0;
        for (String step : plan.describe()) {
            text.append("\t".repeat(depth++)).append(" > ").append(step).append('\n');
        }
        return text.toString();
    }
}
