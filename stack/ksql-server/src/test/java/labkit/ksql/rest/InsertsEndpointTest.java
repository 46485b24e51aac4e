package labkit.ksql.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.List;
import labkit.ksql.KsqlException;
import org.junit.jupiter.api.Test;

class InsertsEndpointTest {
    private final List<String> written = new ArrayList<>();

    private TestClient serve() {
        return TestClient.of(new Router().add("POST", "/inserts-stream",
                new InsertsEndpoint(String::toUpperCase, (target, columns) -> {
            if (columns.containsKey("BAD")) {
                throw new KsqlException("BAD is no column");
            }
            written.add(target + " " + columns);
        })), HttpClient.Version.HTTP_1_1);
    }

    @Test
    void eachRowIsAcknowledgedInOrder() throws Exception {
        try (TestClient client = serve()) {
            String body = "{\"target\": \"s\"}\n{\"A\": 1}\n\n{\"BAD\": 1}\n{oops\n{\"A\": null, \"B\": [\"ü\"]}";
            String acks = client.post("/inserts-stream", body).body();
            assertEquals("{\"status\":\"ok\",\"seq\":0}\n"
                    + "{\"status\":\"error\",\"seq\":1,\"error_code\":40000,\"message\":\"BAD is no column\"}\n"
                    + "{\"status\":\"error\",\"seq\":2,\"error_code\":40000,\"message\":\"Not valid JSON:"
                    + " Unexpected character ('o' (code 111)): was expecting double-quote to start field name"
                    + " (line 1, column 2)\"}\n"
                    + "{\"status\":\"ok\",\"seq\":3}\n", acks);
            assertEquals(List.of("S {A=1}", "S {A=null, B=[\"ü\"]}"), written);
        }
    }

    @Test
    void asOneArray() throws Exception {
        try (TestClient client = serve()) {
            assertEquals("[{\"status\":\"ok\",\"seq\":0},\n{\"status\":\"ok\",\"seq\":1}]\n",
                    client.post("/inserts-stream", "{\"target\": \"s\"}\n{}\n{}\n", "Accept", Exchange.JSON).body());
            assertEquals("[]\n",
                    client.post("/inserts-stream", "{\"target\": \"s\"}\n", "Accept", Exchange.JSON).body());
        }
    }

    @Test
    void overHttp2RowsAreAcknowledgedWhileMoreAreSent() throws Exception {
        try (TestClient client = serve(); Http2Stream rows = new Http2Stream(client.port(), "/inserts-stream")) {
            rows.send("{\"target\": \"s\"}\n");
            for (int i = 0; i < 3; i++) {
                rows.send("{\"N\": " + i + "}\n");
                assertEquals("{\"status\":\"ok\",\"seq\":" + i + "}", rows.line());
            }
        }
    }
}
