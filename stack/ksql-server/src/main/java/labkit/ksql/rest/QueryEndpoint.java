package labkit.ksql.rest;

import java.util.List;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Query;
import labkit.ksql.ast.Statement;
import labkit.ksql.engine.Engine;
import labkit.ksql.rest.RunningQueries.RunningQuery;

/** Runs a SELECT, and streams its rows: POST /query-stream, and the older POST /query, which does PRINT, too. */
final class QueryEndpoint implements Endpoint {
    private final Engine engine;
    private final RunningQueries running;
    private final String[] types;

    private QueryEndpoint(Engine engine, RunningQueries running, String... types) {
        this.engine = engine;
        this.running = running;
        this.types = types;
    }

    static QueryEndpoint stream(Engine engine, RunningQueries running) {
        return new QueryEndpoint(engine, running, Exchange.DELIMITED, Exchange.JSON, Exchange.KSQL_JSON);
    }

    /** There, application/json means the older layout. */
    static QueryEndpoint older(Engine engine, RunningQueries running) {
        return new QueryEndpoint(engine, running, Exchange.KSQL_JSON, Exchange.JSON, Exchange.DELIMITED);
    }

    @Override
    public void serve(Exchange exchange) throws Exception {
        String type = exchange.negotiate(types);
        StatementRequest request = StatementRequest.of(exchange.object());
        Session session = new Session(engine.config(), request);
        List<Parsed> statements = session.parse(request.text());
        if (statements.size() != 1) {
            throw new RequestFailure(ErrorBody.BAD_STATEMENT, "One SELECT or PRINT was expected, but there are "
                    + statements.size() + " statements. Properties for a query go into the request's \"properties\".");
        }
        Parsed statement = statements.getFirst();
        try {
            switch (statement.statement()) {
                case Query query -> select(exchange, type, statement, query, session);
                case Statement.Print print -> new TopicPrinter(engine).print(print, exchange);
                default -> throw new RequestFailure(ErrorBody.statement(ErrorBody.BAD_STATEMENT,
                        "Only SELECT and PRINT can be run here. Send this statement to /ksql.",
                        statement.text(), List.of()));
            }
        } catch (RuntimeException error) {
            if (exchange.hasBegun()) {
                throw error;
            }
            throw new RequestFailure(Failures.ofStatement(error, statement.text(), List.of()));
        }
    }

    private void select(Exchange exchange, String type, Parsed text, Query query, Session session) throws Exception {
        Rows rows = query.emit() == null ? Rows.of(engine.pull(text, session.properties()))
                : Rows.of(engine.push(text, session.properties()));
        try (rows) {
            if (rows.isPush()) {
                running.add(new RunningQuery(text.text(), rows));
            }
            boolean older = types[0].equals(Exchange.KSQL_JSON) && type.equals(Exchange.JSON);
            Outflow out = exchange.open(type);
            ResultWriter writer = ResultWriter.of(older ? Exchange.KSQL_JSON : type, out, rows.isPush());
            new RowStream(rows, query.limit(), running::isStopping, out, writer).run();
        } finally {
            running.remove(rows.id());
        }
    }
}
