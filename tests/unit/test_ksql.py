"""The client's side of ksqlDB's REST interface, against a server that says what a test wants."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from lablib.errors import KsqlError, LabError
from lablib.ksql import Ksql

HEAD = {"queryId": "q1", "columnNames": ["ID", "PRICE"], "columnTypes": ["BIGINT", "DECIMAL(6, 2)"]}
WITHIN = 10.0


class Server:
    """Answers by path with a status and lines; ``None`` among the lines waits until /close-query."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, list[object]]] = {"/close-query": (200, [])}
        self.requests: list[tuple[str, str]] = []
        self.closed = Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._answer(body)

            def do_GET(self) -> None:
                self._answer("")

            def _answer(self, body: str) -> None:
                outer.requests.append((self.path, body))
                if self.path == "/close-query":
                    outer.closed.set()
                status, lines = outer.answers[self.path]
                self.send_response(status)
                self.end_headers()
                for line in lines:
                    if line is None:
                        outer.closed.wait(WITHIN)
                        continue
                    text = line if isinstance(line, str) else json.dumps(line)
                    self.wfile.write(f"{text}\n".encode())
                    self.wfile.flush()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def sent(self, path: str) -> list[Any]:
        return [json.loads(body) for seen, body in self.requests if seen == path]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.end()


@pytest.fixture
def ksql(server: Server) -> Ksql:
    return Ksql(server.url)


def done(number: int = 0, status: str = "SUCCESS") -> dict[str, object]:
    return {
        "@type": "currentStatus",
        "statementText": "CREATE STREAM s ...;",
        "commandId": "stream/`S`/create",
        "commandStatus": {"status": status, "message": "it says"},
        "commandSequenceNumber": number,
    }


class TestRun:
    """Statements go in as they are written."""

    def test_a_file_goes_in_one_request(self, server: Server, ksql: Ksql, tmp_path: Path) -> None:
        """Its text is not touched; properties go along."""
        file = tmp_path / "x.sql"
        file.write_text("CREATE STREAM s;\n-- ö\nSHOW STREAMS;\n")
        server.answers["/ksql"] = (200, [[done(), {"@type": "streams", "streams": []}]])
        answers = ksql.run(file, {"auto.offset.reset": "latest"})
        assert [a["@type"] for a in answers] == ["currentStatus", "streams"]
        (sent,) = server.sent("/ksql")
        assert sent["ksql"] == file.read_text()
        assert sent["streamsProperties"] == {"auto.offset.reset": "latest"}

    def test_what_comes_next_waits_for_what_was_done(self, server: Server, ksql: Ksql) -> None:
        """The number of the last statement goes along, so that any server of several knows it."""
        server.answers["/ksql"] = (200, [[done(4)]])
        ksql.run("CREATE STREAM s;")
        ksql.run("CREATE STREAM t;")
        first, second = server.sent("/ksql")
        assert "commandSequenceNumber" not in first
        assert second["commandSequenceNumber"] == 4

    def test_a_statement_under_way_is_waited_for(self, server: Server, ksql: Ksql) -> None:
        """The answer comes when the statement is done."""
        server.answers["/ksql"] = (200, [[done(status="EXECUTING")]])
        server.answers["/status/stream/%60S%60/create"] = (200, [{"status": "SUCCESS"}])
        assert ksql.run("CREATE STREAM s;")[0]["commandStatus"]["status"] == "SUCCESS"

    def test_one_that_failed_later_is_an_error(self, server: Server, ksql: Ksql) -> None:
        """A statement that was accepted and then failed does not pass for done."""
        server.answers["/ksql"] = (200, [[done(status="ERROR")]])
        with pytest.raises(KsqlError, match="it says"):
            ksql.run("CREATE STREAM s;")

    def test_a_wrong_statement_is_shown_with_message_and_code(
        self, server: Server, ksql: Ksql
    ) -> None:
        """What the server says arrives whole, with the statement and what to do."""
        error = {
            "@type": "statement_error",
            "error_code": 40001,
            "message": "line 1:8: Syntax error at or near 'STREEM'",
            "statementText": "CREATE STREEM s;",
            "entities": [],
        }
        server.answers["/ksql"] = (400, [error])
        with pytest.raises(KsqlError, match="line 1:8") as caught:
            ksql.run("SHOW STREAMS; CREATE STREEM s;")
        assert caught.value.code == 40001
        assert "CREATE STREEM s; (code 40001)" in str(caught.value.seen)

    def test_a_query_at_the_wrong_door_is_sent_to_the_right_one(
        self, server: Server, ksql: Ksql
    ) -> None:
        """The advice names push and pull."""
        server.answers["/ksql"] = (400, [{"error_code": 40002, "message": "SELECT and PRINT ..."}])
        with pytest.raises(KsqlError) as caught:
            ksql.run("SELECT 1;")
        assert "push()" in str(caught.value.next)

    def test_an_answer_that_is_no_json_is_shown(self, server: Server, ksql: Ksql) -> None:
        """A proxy's page, for example."""
        server.answers["/ksql"] = (502, ["<html>Bad gateway</html>"])
        with pytest.raises(KsqlError, match="HTTP 502: <html>Bad gateway"):
            ksql.run("SHOW STREAMS;")

    def test_a_server_that_is_away_is_named(self) -> None:
        """The address and the next command are told."""
        with pytest.raises(KsqlError, match=r"does not answer on http://127\.0\.0\.1:9") as caught:
            Ksql("http://127.0.0.1:9").run("SHOW STREAMS;")
        assert caught.value.next == "lab up ksql"

    def test_a_file_that_is_not_there_is_named(self, ksql: Ksql) -> None:
        """Nothing is sent."""
        with pytest.raises(LabError, match=r"no file .*nowhere\.sql"):
            ksql.run(Path("nowhere.sql"))


class TestPush:
    """Rows as they come, and a query that ends with its block."""

    def test_rows_are_dicts_of_python_values(self, server: Server, ksql: Ksql) -> None:
        """Decimals keep their digits, and what is missing is None."""
        server.answers["/query-stream"] = (200, [HEAD, "[1, 12.50]", "", "[null, null]"])
        with ksql.push("SELECT * FROM s EMIT CHANGES;", {"auto.offset.reset": "latest"}) as rows:
            assert rows.query_id == "q1"
            assert rows.columns == {"ID": "BIGINT", "PRICE": "DECIMAL(6, 2)"}
            found = list(rows)
        assert found == [{"ID": 1, "PRICE": Decimal("12.50")}, {"ID": None, "PRICE": None}]
        assert str(found[0]["PRICE"]) == "12.50"
        (sent,) = server.sent("/query-stream")
        assert sent["sql"] == "SELECT * FROM s EMIT CHANGES;"
        assert sent["properties"] == {"auto.offset.reset": "latest"}
        assert not server.closed.is_set(), "it had ended by itself"

    @pytest.mark.parametrize(
        ("options", "count"), [({"limit": 2}, 2), ({"timeout": 0.3}, 3), ({"limit": 0}, 0)]
    )
    def test_an_end_closes_the_query(
        self, server: Server, ksql: Ksql, options: dict[str, Any], count: int
    ) -> None:
        """At the limit or the deadline the rows end, and the server is told."""
        server.answers["/query-stream"] = (200, [HEAD, "[1, 1]", "[2, 2]", "[3, 3]", None])
        began = time.monotonic()
        with ksql.push("SELECT ...", **options) as rows:
            assert [row["ID"] for row in rows] == [1, 2, 3][:count]
        assert time.monotonic() - began < WITHIN / 2
        assert server.sent("/close-query") == [{"queryId": "q1"}]

    def test_leaving_the_block_closes_the_query(self, server: Server, ksql: Ksql) -> None:
        """Also when an exception leaves it."""
        server.answers["/query-stream"] = (200, [HEAD, "[1, 1]", None])
        with pytest.raises(ZeroDivisionError), ksql.push("SELECT ...") as rows:
            1 // (next(rows)["ID"] - 1)
        assert server.closed.is_set()
        assert list(rows) == []

    def test_a_query_that_is_refused(self, server: Server, ksql: Ksql) -> None:
        """The error comes before any row."""
        server.answers["/query-stream"] = (400, [{"error_code": 40001, "message": "no such table"}])
        with pytest.raises(KsqlError, match="no such table"):
            ksql.push("SELECT * FROM t;")

    def test_a_query_that_fails_on_its_way(self, server: Server, ksql: Ksql) -> None:
        """Rows that came before the error are not lost, and the error is not hidden."""
        failure = {"status": "error", "error_code": 50000, "message": "it broke"}
        server.answers["/query-stream"] = (200, [HEAD, "[1, 1]", failure])
        with ksql.push("SELECT ...") as rows:
            assert next(rows)["ID"] == 1
            with pytest.raises(KsqlError, match="it broke"):
                next(rows)


def test_a_pull_query_is_a_table_with_dtypes(server: Server, ksql: Ksql) -> None:
    """Whole numbers stay whole beside gaps, times are in UTC, decimals exact; no rows keep dtypes."""
    head = {
        "queryId": None,
        "columnNames": ["N", "AT", "PRICE", "SHARE", "NAME"],
        "columnTypes": ["BIGINT", "TIMESTAMP", "DECIMAL(4, 1)", "DOUBLE", "STRING"],
    }
    rows = [
        '[9007199254740993, "2026-01-05T09:00:00", 0.1, 0.5, "x"]',
        "[null,null,null,null,null]",
    ]
    server.answers["/query-stream"] = (200, [head, *rows])
    table = ksql.pull("SELECT * FROM t;")
    dtypes = ["Int64", "datetime64[ms, UTC]", "object", "float64", "str"]
    assert [str(kind) for kind in table.dtypes] == dtypes
    assert table["N"].tolist()[0] == 9007199254740993
    assert table["AT"][0] == datetime(2026, 1, 5, 9, tzinfo=UTC)
    assert table["PRICE"][0] == Decimal("0.1")
    assert table.isna().sum().tolist() == [1] * 5
    server.answers["/query-stream"] = (200, [head])
    empty = ksql.pull("SELECT * FROM t WHERE FALSE;")
    assert len(empty) == 0
    assert [str(kind) for kind in empty.dtypes] == dtypes


class TestInsert:
    """Rows go in by one request, and each is acknowledged."""

    def test_all_acknowledged(self, server: Server, ksql: Ksql) -> None:
        """Target and rows are lines of JSON; decimals keep their digits."""
        acks = [{"status": "ok", "seq": 0}, {"status": "ok", "seq": 1}]
        server.answers["/inserts-stream"] = (200, [*acks])
        assert ksql.insert("s", [{"PRICE": Decimal("1.50")}, {"PRICE": None}]) == 2
        ((_, body),) = [r for r in server.requests if r[0] == "/inserts-stream"]
        target, *rows = body.splitlines()
        assert json.loads(target)["target"] == "s"
        assert rows == ['{"PRICE":1.50}', '{"PRICE":null}']

    def test_the_row_that_was_refused_is_shown(self, server: Server, ksql: Ksql) -> None:
        """By its place and its content."""
        refused = {"status": "error", "seq": 1, "error_code": 40000, "message": "no column X"}
        server.answers["/inserts-stream"] = (200, [{"status": "ok", "seq": 0}, refused])
        with pytest.raises(KsqlError, match="no column X") as caught:
            ksql.insert("s", [{"A": 1}, {"X": 2}])
        assert 'row 1: {"X":2}' in str(caught.value.seen)

    def test_an_answer_that_is_cut_short(self, server: Server, ksql: Ksql) -> None:
        """Fewer acknowledgements than rows are no success."""
        server.answers["/inserts-stream"] = (200, [{"status": "ok", "seq": 0}])
        with pytest.raises(KsqlError, match="took 1 of 2"):
            ksql.insert("s", [{"A": 1}, {"A": 2}])


@pytest.mark.parametrize("query", ["SELECT * FROM s EMIT CHANGES;", "select * from s emit  final"])
def test_pull_does_not_wait_for_an_end_that_never_comes(ksql: Ksql, query: str) -> None:
    """It says what to leave out, before anything is asked."""
    with pytest.raises(KsqlError, match="has none") as caught:
        ksql.pull(query)
    assert "push()" in str(caught.value.next)


@pytest.mark.parametrize(
    ("ask", "answer", "found"),
    [
        (lambda k: k.describe("s"), {"sourceDescription": {"topic": "t"}}, {"topic": "t"}),
        (lambda k: k.explain("SELECT 1;"), {"queryDescription": {"id": "x"}}, {"id": "x"}),
        (lambda k: k.names("TABLES"), {"tables": [{"name": "T"}]}, ["T"]),
        (lambda k: k.queries(), {"queries": [{"id": "q"}]}, [{"id": "q"}]),
    ],
)
def test_what_the_server_knows(
    server: Server, ksql: Ksql, ask: Callable[[Ksql], Any], answer: object, found: object
) -> None:
    """DESCRIBE, EXPLAIN and SHOW give what stands inside of the answer."""
    server.answers["/ksql"] = (200, [[answer]])
    assert ask(ksql) == found


def test_info(server: Server, ksql: Ksql) -> None:
    """The server's own words about itself."""
    server.answers["/info"] = (200, [{"KsqlServerInfo": {"version": "0.29.0"}}])
    assert ksql.info() == {"version": "0.29.0"}
