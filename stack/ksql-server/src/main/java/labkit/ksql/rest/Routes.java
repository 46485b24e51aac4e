package labkit.ksql.rest;

import labkit.ksql.engine.Engine;

/** Which endpoint serves which path. */
final class Routes {
    private Routes() {}

    static Router of(Engine engine, RunningQueries running) {
        CommandStatuses statuses = new CommandStatuses();
        SourceName names = new SourceName(engine);
        Router router = new Router()
                .add("POST", "/ksql", new StatementsEndpoint(engine, new Statements(engine, running, statuses)))
                .add("POST", "/query-stream", QueryEndpoint.stream(engine, running))
                .add("POST", "/query", QueryEndpoint.older(engine, running))
                .add("POST", "/inserts-stream", new InsertsEndpoint(names::resolve, engine::insertRow))
                .add("POST", "/close-query", new CloseEndpoint(running))
                .refuse("/ws/", "Queries over WebSocket are not supported here: POST to /query-stream or /query.")
                .refuse("/ksql/terminate", "Ending a whole cluster is not supported here: TERMINATE ALL; ends its"
                        + " queries, DROP STREAM or TABLE ... DELETE TOPIC; removes its sources.");
        new ServerInfo(engine, statuses).addTo(router);
        return router;
    }
}
