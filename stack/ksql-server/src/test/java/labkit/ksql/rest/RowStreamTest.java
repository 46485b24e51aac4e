package labkit.ksql.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.math.BigDecimal;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import labkit.ksql.KsqlException;
import labkit.ksql.catalog.Column;
import labkit.ksql.engine.Row;
import labkit.ksql.type.SqlType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RowStreamTest {
    private static final String HEAD =
            "{\"queryId\":\"q1\",\"columnNames\":[\"ID\",\"P\",\"T\"],"
            + "\"columnTypes\":[\"STRING\",\"DECIMAL(4, 2)\",\"TIMESTAMP\"]}";
    private static final String OLDER_HEAD =
            "[{\"header\":{\"queryId\":\"q1\",\"schema\":\"`ID` STRING, `P` DECIMAL(4, 2), `T` TIMESTAMP\"}}";

    /** Rows that a test hands over. */
    private static final class Given implements Rows {
        private final LinkedBlockingQueue<Row> rows = new LinkedBlockingQueue<>();
        private final CountDownLatch closed = new CountDownLatch(1);
        private final boolean push;
        private volatile boolean ended;
        private volatile boolean stopping;
        private volatile String failure;

        Given(boolean push, Row... rows) {
            this.push = push;
            this.rows.addAll(List.of(rows));
        }

        Given end() {
            ended = true;
            return this;
        }

        Given failed(String why) {
            failure = why;
            return end();
        }

        @Override
        public String id() {
            return "q1";
        }

        @Override
        public List<Column> columns() {
            return List.of(new Column("ID", SqlType.STRING), new Column("P", new SqlType.Decimal(4, 2)),
                    new Column("T", SqlType.TIMESTAMP));
        }

        @Override
        public Row next(Duration patience) throws InterruptedException {
            return rows.poll(ended ? 0 : patience.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public boolean isDone() {
            if (failure != null && !push && rows.isEmpty()) {
                throw new KsqlException(failure);
            }
            return ended && rows.isEmpty();
        }

        @Override
        public String failure() {
            return failure;
        }

        @Override
        public boolean isPush() {
            return push;
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    private static Row row(Object... values) {
        return new Row(Arrays.asList(values), false);
    }

    private static final Row A = row("a", new BigDecimal("1.50"), Instant.ofEpochMilli(7));
    private static final Row GONE = new Row(Arrays.asList("b", null, null), true);

    private static TestClient serve(Given rows, String layout, Integer limit, HttpClient.Version version) {
        Router router = new Router().add("GET", "/", exchange -> exchange.answer(List.of()));
        router.add("POST", "/rows", exchange -> {
            exchange.object();
            try (rows) {
                Outflow out = exchange.open(layout);
                new RowStream(rows, limit, () -> rows.stopping, out, ResultWriter.of(layout, out, rows.isPush())).run();
            }
        });
        return TestClient.of(router, version);
    }

    private static String body(Given rows, String layout, Integer limit) throws Exception {
        try (TestClient client = serve(rows, layout, limit, HttpClient.Version.HTTP_1_1)) {
            String body = client.post("/rows", "{}").body();
            assertTrue(rows.closed.await(5, TimeUnit.SECONDS));
            return body;
        }
    }

    /** Is done as soon as the answer has begun. */
    private static CompletableFuture<HttpResponse<InputStream>> ask(TestClient client) {
        HttpRequest request = client.request("/rows").POST(HttpRequest.BodyPublishers.ofString("{}")).build();
        return client.http().sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
    }

    // -- Layouts -----------------------------------------------------------------------------------

    @Test
    void delimited() throws Exception {
        assertEquals(HEAD + "\n[\"a\",1.50,\"1970-01-01T00:00:00.007\"]\n[\"b\",null,null]\n",
                body(new Given(true, A, GONE).end(), Exchange.DELIMITED, null));
        assertEquals(HEAD + "\n", body(new Given(false).end(), Exchange.DELIMITED, null));
    }

    @Test
    void oneArray() throws Exception {
        assertEquals("[" + HEAD + "\n,[\"a\",1.50,\"1970-01-01T00:00:00.007\"]\n]\n",
                body(new Given(false, A).end(), Exchange.JSON, null));
    }

    @Test
    void olderLayoutOfPushQueries() throws Exception {
        assertEquals(OLDER_HEAD + ",\n{\"row\":{\"columns\":[\"a\",1.50,\"1970-01-01T00:00:00.007\"]}},\n"
                + "{\"row\":{\"columns\":[\"b\",null,null],\"tombstone\":true}},\n"
                + "{\"finalMessage\":\"Limit Reached\"}]\n",
                body(new Given(true, A, GONE).end(), Exchange.KSQL_JSON, 2));
        assertEquals(OLDER_HEAD + ",\n{\"finalMessage\":\"Query Completed\"}]\n",
                body(new Given(true).end(), Exchange.KSQL_JSON, 2));
    }

    @Test
    void olderLayoutOfPullQueries() throws Exception {
        assertEquals(OLDER_HEAD + ",\n{\"row\":{\"columns\":[\"a\",1.50,\"1970-01-01T00:00:00.007\"]}}]\n",
                body(new Given(false, A).end(), Exchange.KSQL_JSON, null));
    }

    @Test
    void whatGoesWrongAfterTheStartIsToldBehindTheRows() throws Exception {
        String error = "{\"@type\":\"generic_error\",\"error_code\":50000,\"message\":\"The query failed: broken\"";
        assertEquals(HEAD + "\n[\"a\",1.50,\"1970-01-01T00:00:00.007\"]\n" + error + ",\"status\":\"error\"}\n",
                body(new Given(true, A).failed("broken"), Exchange.DELIMITED, null));
        assertEquals("[" + HEAD + "\n," + error + ",\"status\":\"error\"}\n]\n",
                body(new Given(true).failed("broken"), Exchange.JSON, null));
        assertEquals(OLDER_HEAD + ",\n{\"errorMessage\":" + error + "}}]\n",
                body(new Given(true).failed("broken"), Exchange.KSQL_JSON, null));
        assertEquals(OLDER_HEAD + ",\n{\"errorMessage\":{\"@type\":\"generic_error\",\"error_code\":40000,"
                + "\"message\":\"broken\"}}]\n",
                body(new Given(false).failed("broken"), Exchange.KSQL_JSON, null));
    }

    @Test
    void aServerThatStopsSaysSo() throws Exception {
        Given rows = new Given(true, A).end();
        rows.stopping = true;
        String body = body(rows, Exchange.KSQL_JSON, null);
        assertTrue(body.endsWith("\"error_code\":50300,"
                + "\"message\":\"The server stops. Ask again when it is back.\"}}]\n"), body);
    }

    @Test
    void manyRows() throws Exception {
        Given rows = new Given(true);
        for (int i = 0; i < 50_000; i++) {
            rows.rows.add(A);
        }
        assertEquals(50_001, body(rows.end(), Exchange.DELIMITED, null).lines().count());
    }

    // -- As they come ------------------------------------------------------------------------------

    @ParameterizedTest
    @EnumSource
    void eachRowArrivesBeforeTheNextOneExists(HttpClient.Version version) throws Exception {
        Given rows = new Given(true);
        try (TestClient client = serve(rows, Exchange.DELIMITED, null, version)) {
            client.get("/");
            HttpResponse<InputStream> response = ask(client).get(5, TimeUnit.SECONDS);
            assertEquals(version, response.version());
            try (InputStream body = response.body()) {
                assertEquals(HEAD + "\n", new String(body.readNBytes(HEAD.length() + 1), StandardCharsets.UTF_8));
                for (int i = 0; i < 3; i++) {
                    rows.rows.add(row("r" + i, null, null));
                    assertEquals("[\"r" + i + "\",null,null]\n",
                            new String(body.readNBytes(17), StandardCharsets.UTF_8));
                }
            }
            assertTrue(rows.closed.await(5, TimeUnit.SECONDS), "the client has gone, but the query goes on");
        }
    }

    @Test
    void aClientThatHangsUpWhileAllIsQuietEndsTheQuery() throws Exception {
        Given rows = new Given(true);
        try (TestClient client = serve(rows, Exchange.DELIMITED, null, HttpClient.Version.HTTP_1_1);
                Socket socket = new Socket("127.0.0.1", client.port())) {
            String request = "POST /rows HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
            assertTrue(socket.getInputStream().read() > 0);
            socket.close();
            assertTrue(rows.closed.await(5, TimeUnit.SECONDS));
        }
    }

    @Test
    void theOlderLayoutShowsThatItLives() throws Exception {
        Given rows = new Given(true);
        try (TestClient client = serve(rows, Exchange.KSQL_JSON, null, HttpClient.Version.HTTP_1_1)) {
            HttpResponse<InputStream> response = ask(client).get(5, TimeUnit.SECONDS);
            try (InputStream body = response.body()) {
                assertEquals(OLDER_HEAD + ",\n\n",
                        new String(body.readNBytes(OLDER_HEAD.length() + 3), StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    void aServerThatStopsDoesNotWaitForQuietQueries() throws Exception {
        Given rows = new Given(true);
        TestClient client = serve(rows, Exchange.DELIMITED, null, HttpClient.Version.HTTP_1_1);
        ask(client).get(5, TimeUnit.SECONDS);
        long start = System.nanoTime();
        client.close();
        assertTrue(Duration.ofNanos(System.nanoTime() - start).toSeconds() < 5);
        assertTrue(rows.closed.await(5, TimeUnit.SECONDS));
    }
}
