package labkit.ksql.rest;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import labkit.ksql.KsqlException;
import labkit.ksql.ast.Parsed;
import labkit.ksql.ast.Query;
import labkit.ksql.ast.Statement;
import labkit.ksql.engine.Engine;

/** Carries out statements one after the other, and answers with the result of each: POST /ksql. */
final class StatementsEndpoint implements Endpoint {
    private final Engine engine;
    private final Statements statements;

    StatementsEndpoint(Engine engine, Statements statements) {
        this.engine = engine;
        this.statements = statements;
    }

    @Override
    public void serve(Exchange exchange) throws IOException {
        String type = exchange.negotiate(Exchange.JSON, Exchange.KSQL_JSON);
        StatementRequest request = StatementRequest.of(exchange.object());
        Session session = new Session(engine.config(), request);
        List<Parsed> all = session.parse(request.text());
        all.forEach(StatementsEndpoint::refuseQuery);
        await(request.after());
        List<Entity> done = new ArrayList<>();
        for (Parsed statement : all) {
            try {
                statements.run(statement, session).ifPresent(done::add);
            } catch (RuntimeException error) {
                throw new RequestFailure(Failures.ofStatement(error, statement.text(), done));
            }
        }
        exchange.answer(200, type, Json.ENTITIES, done);
    }

    private static void refuseQuery(Parsed statement) {
        if (statement.statement() instanceof Query || statement.statement() instanceof Statement.Print) {
            throw new RequestFailure(ErrorBody.statement(ErrorBody.QUERY_AT_WRONG_ENDPOINT,
                    "SELECT and PRINT give rows, and are not run here. Send SELECT to /query-stream or /query,"
                            + " and PRINT to /query.", statement.text(), List.of()));
        }
    }

    private void await(Long sequence) {
        try {
            if (sequence != null && sequence >= 0) {
                engine.await(sequence);
            }
        } catch (KsqlException error) {
            throw new RequestFailure(ErrorBody.NOT_CAUGHT_UP, "commandSequenceNumber asks to wait for the command "
                    + sequence + ", but this server has not come so far in time. Try again, or leave that field out;"
                    + " GET /healthcheck tells whether commands are carried out.");
        }
    }
}
