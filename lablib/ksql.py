"""A client for ksqlDB's REST interface, whichever server speaks it: SQL goes in as it is written.

The interface is documented at https://docs.ksqldb.io (developer guide, "ksqlDB REST API").
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import httpx

from lablib.errors import KsqlError, LabError
from lablib.ksql_types import dtype, read_json, reader, write_json

if TYPE_CHECKING:
    import pandas as pd

ANSWER_WITHIN = 60.0
# A statement goes to all servers by way of a topic; until this one has done it, it is asked again.
DONE_WITHIN = 60.0
CLOSED_WITHIN = 2.0
# Rows that are read before they are asked for.
AHEAD = 500
UNDER_WAY = ("QUEUED", "PARSING", "EXECUTING")
ENDLESS = re.compile(r"\bEMIT\s+(CHANGES|FINAL)\b", re.IGNORECASE)
LIMITED = re.compile(r"\bLIMIT\s+\d+\s*;?\s*$", re.IGNORECASE)
JSON = "application/vnd.ksql.v1+json"
LINES = "application/vnd.ksqlapi.delimited.v1"
# Nobody closes a client in a notebook; without idle connections there is nothing to close.
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)
ADVICE = {
    40002: "a SELECT is for push() (with EMIT CHANGES) or pull(), everything else for run()",
    40003: "a SELECT is for push() (with EMIT CHANGES) or pull(), everything else for run()",
    50000: "lab logs ksql tells more",
    50300: "wait a moment, then repeat",
    50301: "lab status; wait a moment, then repeat",
}


class Ksql:
    """A client for one server. Every method raises KsqlError when it refuses or does not answer.

    >>> ksql = Ksql(Stack().env["KSQL_URL"])
    >>> ksql.run("SHOW STREAMS;")
    """

    def __init__(self, url: str, *, http2: bool = False) -> None:
        """Take the server's address, for example ``http://127.0.0.1:18088``.

        ``http2`` speaks HTTP/2 from the first byte on, as the documentation asks of queries; both
        servers also take HTTP/1.1.
        """
        self.url = url
        self._sequence = -1
        self._http = httpx.Client(
            base_url=url,
            http1=not http2,
            http2=http2,
            timeout=ANSWER_WITHIN,
            trust_env=False,
            limits=NO_KEEPALIVE,
        )

    # -- statements --------------------------------------------------------------------------

    def run(
        self, statements: str | Path, properties: Mapping[str, object] | None = None
    ) -> list[dict[str, Any]]:
        """Run statements (a text, or the path of a file), and return the server's answer to each.

        Returns when they are done: a stream that was created can be queried. Properties such as
        ``{"auto.offset.reset": "latest"}`` hold for these statements only.

        Raises:
            KsqlError: with the statement, what is wrong with it, and where. Those before it are done.
        """
        body: dict[str, object] = {"ksql": _text(statements)}
        body["streamsProperties"] = dict(properties or {})
        if self._sequence >= 0:
            body["commandSequenceNumber"] = self._sequence
        answers: list[dict[str, Any]] = self._call("POST", "/ksql", body)
        for answer in answers:
            if "commandStatus" in answer:
                self._sequence = max(self._sequence, answer.get("commandSequenceNumber", -1))
                answer["commandStatus"] = self._wait_done(answer)
        return answers

    def describe(self, name: str) -> dict[str, Any]:
        """Return what the server knows of a stream or table: columns, topic, queries, statistics."""
        (answer,) = self.run(f"DESCRIBE {name} EXTENDED;")
        return dict(answer["sourceDescription"])

    def explain(self, query: str) -> dict[str, Any]:
        """Return the plan of a query: give its id, or the text of a SELECT."""
        (answer,) = self.run(f"EXPLAIN {query.rstrip().rstrip(';')};")
        return dict(answer["queryDescription"])

    def names(self, kind: str) -> list[str]:
        """Return the names of all ``"STREAMS"`` or ``"TABLES"``."""
        (answer,) = self.run(f"SHOW {kind};")
        return [each["name"] for each in answer[kind.lower()]]

    def queries(self) -> list[dict[str, Any]]:
        """Return the queries that run: id, sinks, topics they write to, state."""
        (answer,) = self.run("SHOW QUERIES;")
        return list(answer["queries"])

    def info(self) -> dict[str, Any]:
        """Return what the server says of itself: version, cluster, service id."""
        answer = self._call("GET", "/info")
        return dict(answer["KsqlServerInfo"])

    # -- queries -----------------------------------------------------------------------------

    def push(
        self,
        sql: str,
        properties: Mapping[str, object] | None = None,
        *,
        limit: int | None = None,
        timeout: float | None = None,
    ) -> Push:
        """Begin a push query, and yield its rows as dicts, as they come.

        It ends after ``limit`` rows, after ``timeout`` seconds, or when its block is left; then the
        server ends it, too.

        >>> with ksql.push("SELECT * FROM sales EMIT CHANGES;", limit=3, timeout=30) as rows:
        ...     for row in rows:
        ...         print(row)
        """
        return Push(self, self._open(sql, properties), limit, timeout)

    def pull(self, sql: str, properties: Mapping[str, object] | None = None) -> pd.DataFrame:
        """Run a pull query and return its rows, each column with the dtype of its type.

        BIGINT becomes Int64, TIMESTAMP a time in UTC; decimals stay exact, as Decimal.

        Raises:
            KsqlError: the server refuses the query, or it would never end.
        """
        import pandas as pd

        if ENDLESS.search(sql) and not LIMITED.search(sql):
            raise KsqlError(
                "pull() waits for the end of a query, and this one has none: it emits changes.",
                sql.strip()[-200:],
                "leave out EMIT CHANGES, or read it with push()",
            )

        with Push(self, self._open(sql, properties), None, None) as rows:
            table = list(rows)
            return pd.DataFrame(
                {
                    name: pd.Series([row[name] for row in table], dtype=dtype(kind))
                    for name, kind in rows.columns.items()
                }
            )

    # -- inserts -----------------------------------------------------------------------------

    def insert(self, stream: str, rows: Iterable[Mapping[str, object]]) -> int:
        """Write rows to a stream or table; return how many the server has acknowledged.

        Raises:
            KsqlError: names the first row that was refused. Others may be written.
        """
        table = list(rows)
        head = write_json({"target": stream, "properties": {}})
        content = "\n".join([head, *map(write_json, table), ""])
        response = self._send("POST", "/inserts-stream", content, LINES)
        acknowledged = 0
        for line in response.text.splitlines():
            answer = read_json(line) if line.strip() else {"status": "ok"}
            if answer["status"] != "ok":
                number = int(answer.get("seq", acknowledged))
                raise self._refused(answer, f"row {number}: {write_json(table[number])}")
            acknowledged += bool(line.strip())
        if acknowledged != len(table):
            raise KsqlError(
                f"{stream} took {acknowledged} of {len(table)} rows.", None, "lab logs ksql"
            )
        return acknowledged

    # -- HTTP --------------------------------------------------------------------------------

    def close_query(self, query_id: str) -> None:
        """End a push query on the server. One that has ended already is passed over."""
        with suppress(KsqlError):
            self._call("POST", "/close-query", {"queryId": query_id})

    def _open(self, sql: str, properties: Mapping[str, object] | None) -> httpx.Response:
        body = write_json({"sql": sql, "properties": dict(properties or {})})
        request = self._http.build_request(
            "POST",
            "/query-stream",
            content=body,
            headers={"Content-Type": JSON, "Accept": LINES},
            timeout=httpx.Timeout(ANSWER_WITHIN, read=None),
        )
        try:
            response = self._http.send(request, stream=True)
            if not response.is_success:
                response.read()
        except httpx.HTTPError as error:
            raise self._away(error) from error
        return self._checked(response, sql)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        content = None if body is None else write_json(body)
        response = self._send(method, path, content, JSON)
        return read_json(response.text) if response.content else None

    def _send(self, method: str, path: str, content: str | None, accept: str) -> httpx.Response:
        headers = {"Accept": accept} | ({"Content-Type": JSON} if content else {})
        try:
            response = self._http.request(method, path, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise self._away(error) from error
        return self._checked(response, f"{method} {path}")

    def _checked(self, response: httpx.Response, what: str) -> httpx.Response:
        if response.is_success:
            return response
        try:
            answer = read_json(response.text)
        except ValueError:
            answer = {"message": f"HTTP {response.status_code}: {response.text.strip()[:1500]}"}
        raise self._refused(answer, what)

    def _refused(self, answer: Mapping[str, Any], statement: str) -> KsqlError:
        code = answer.get("error_code", answer.get("errorCode"))
        statement = answer.get("statementText") or statement
        return KsqlError(
            f"ksql refused: {str(answer.get('message', answer)).strip()[:1500]}",
            f"{statement.strip()[:500]}" + (f" (code {code})" if code else ""),
            ADVICE.get(
                code or 0, "correct what it names; SHOW STREAMS, SHOW TABLES and DESCRIBE help"
            ),
            code=code,
        )

    def _away(self, error: httpx.HTTPError) -> KsqlError:
        return KsqlError(
            f"ksql does not answer on {self.url}.",
            str(error) or type(error).__name__,
            "lab up ksql",
        )

    def _wait_done(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the status of a statement that was accepted, when it is done."""
        deadline = time.monotonic() + DONE_WITHIN
        status: dict[str, Any] = answer["commandStatus"]
        while status["status"] in UNDER_WAY and time.monotonic() < deadline:
            time.sleep(0.1)
            status = self._call("GET", f"/status/{answer['commandId']}")
        if status["status"] == "ERROR" or status["status"] in UNDER_WAY:
            raise self._refused(status, answer.get("statementText", answer["commandId"]))
        return status


class Push:
    """The rows of a query, as they come. Leaving its block, or its last row, ends it on the server."""

    def __init__(
        self, ksql: Ksql, response: httpx.Response, limit: int | None, timeout: float | None
    ) -> None:
        """Take the open answer of ``/query-stream``."""
        self._ksql, self._response = ksql, response
        self._left = limit
        self._deadline = None if timeout is None else time.monotonic() + timeout
        # A slow reader holds up the server, and not the memory of this process.
        self._lines: Queue[str | httpx.HTTPError | None] = Queue(AHEAD)
        self._ended = self._closed = False
        # A thread, because a read cannot be given up at a deadline without losing the connection.
        self._reader = Thread(target=self._read, daemon=True, name="ksql-push")
        self._reader.start()
        self.query_id = ""
        try:
            head = self._next(time.monotonic() + ANSWER_WITHIN)
        except BaseException:
            self.close()
            raise
        if not isinstance(head, dict):
            self.close()
            raise KsqlError("ksql sent no header.", repr(head)[:500], "lab logs ksql")
        self.query_id = head.get("queryId") or ""
        self.columns: dict[str, str] = dict(
            zip(head["columnNames"], head["columnTypes"], strict=True)
        )
        self._readers = [reader(kind) for kind in self.columns.values()]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self

    def __next__(self) -> dict[str, Any]:
        row = None if self._closed or self._left == 0 else self._next(self._deadline)
        if row is None:
            self.close()
            raise StopIteration
        if self._left is not None:
            self._left -= 1
        values = (read(value) for read, value in zip(self._readers, row, strict=True))
        return dict(zip(self.columns, values, strict=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the query, here and on the server. Doing it again changes nothing."""
        if self._closed:
            return
        self._closed = True
        if self.query_id and not self._ended:
            self._ksql.close_query(self.query_id)
        self._reader.join(CLOSED_WITHIN)  # the server ends its answer
        self._response.close()

    def _next(self, deadline: float | None) -> Any:
        """Return the next line's JSON; None at the end or at the deadline."""
        within = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            line = self._lines.get(timeout=within)
        except Empty:
            return None
        if isinstance(line, httpx.HTTPError):
            raise self._ksql._away(line) from line
        if line is None:
            self._ended = True
            return None
        found = read_json(line)
        if isinstance(found, dict) and "message" in found:
            raise self._ksql._refused(found, f"query {self.query_id}")
        return found

    def _read(self) -> None:
        try:
            for line in self._response.iter_lines():
                if line.strip():
                    self._put(line)
        except httpx.HTTPError as error:
            self._put(error)
        except httpx.StreamError:
            pass  # closed from the other side of this class
        finally:
            self._put(None)

    def _put(self, line: str | httpx.HTTPError | None) -> None:
        while not self._closed:
            with suppress(Full):
                self._lines.put(line, timeout=0.1)
                return


def _text(statements: str | Path) -> str:
    if isinstance(statements, str):
        return statements
    try:
        return statements.read_text()
    except FileNotFoundError as error:
        raise LabError(
            f"There is no file {statements}.", next="give the path of a file of statements"
        ) from error
