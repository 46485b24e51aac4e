package labkit.ksql.plan;

import java.util.Map;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Kind;
import labkit.ksql.ast.Statement.CreateAs;
import labkit.ksql.ast.Statement.InsertSelect;
import labkit.ksql.catalog.Catalog;
import labkit.ksql.catalog.Source;

/** A query together with the stream or table that it writes to. */
public record Definition(Plan plan, Source sink) {

    /**
     * Plans CREATE STREAM or TABLE AS SELECT. Whether the name is taken is the caller's business.
     *
     * @param text the whole statement
     * @param queryId the id that the query will have, or null if that is not known yet
     * @throws KsqlException if the query is wrong, or makes the other kind of result
     */
    public static Definition of(Catalog catalog, CreateAs statement, String text, String queryId) {
        Map<String, Object> with = statement.properties();
        Declarations.requireKnown(with, false);
        Plan plan = Planner.persistent(catalog, statement.query(), statement.name(), with);
        if (plan.kind() != statement.kind()) {
            Kind kind = plan.kind();
            throw new KsqlException("Invalid result type. Your SELECT query produces a " + kind + ". Please use CREATE " + kind
                    + " AS SELECT statement instead.");
        }
        String topic = Declarations.string(with, "KAFKA_TOPIC", statement.name());
        Source sink = new Source(statement.name(), plan.kind(), plan.schema(), topic, plan.keyFormat(), plan.valueFormat(), plan.window(),
                Declarations.timestamp(with, plan.schema()), text, queryId, false);
        return new Definition(plan, sink);
    }

    /**
     * Plans INSERT INTO ... SELECT.
     *
     * @throws KsqlException if the target is no stream, or does not have the query's columns
     */
    public static Definition of(Catalog catalog, InsertSelect statement) {
        Source target = catalog.get(statement.target());
        if (target.isTable()) {
            throw new KsqlException("INSERT INTO can only be used to insert into a stream. " + target.name() + " is a table.");
        }
        if (target.readOnly()) {
            throw new KsqlException("Cannot insert into read-only stream: " + target.name());
        }
        Map<String, Object> formats = Map.of("KEY_FORMAT", target.keyFormat().toString(), "VALUE_FORMAT", target.valueFormat().toString());
        Plan plan = Planner.persistent(catalog, statement.query(), target.name(), formats);
        if (plan.kind() == Kind.TABLE) {
            throw new KsqlException("INSERT INTO can only be used to insert into a stream, but the SELECT produces a TABLE.");
        }
        if (!plan.schema().equals(target.schema())) {
            throw new KsqlException("Incompatible schema between results and sink.\nResult schema is " + plan.schema().text("KEY")
                    + "\nSink schema is " + target.schemaText());
        }
        return new Definition(plan, target);
    }
}
