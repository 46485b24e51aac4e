"""The service ksql on every backend: its contract, its client, and aggregates that equal pandas."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import confluent_kafka as ck
import httpx
import pytest

from lablib.aggregates import caught_up, install_aggregates, ksql_of, remove_aggregates
from lablib.errors import KsqlError
from lablib.kafka import create_topic, delete_topics, read_topic
from lablib.ksql import Ksql
from lablib.online_retail import OnlineRetail
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.recount import verify_aggregates
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import Verification, verify
from tests.stack.test_services import eventually, incarnation, kill_from_outside, lab, state

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

WITHIN = 400.0


@pytest.fixture
def ksql(empty: Stack) -> Ksql:
    """Give a client for a server that is up, and has no statements but its own."""
    empty.up("ksql")
    remove_aggregates(empty)
    return ksql_of(empty)


def told(result: Verification) -> str:
    return f"{result.verdict}: " + "; ".join(map(str, result.comparisons))


class TestService:
    """As any other service, once it was asked for."""

    def test_it_takes_part_from_asking_to_stopping(self, stack: Stack) -> None:
        """`lab up` alone does not start it; `lab up ksql` does, and `lab status` knows it then."""
        stack.up()
        stack.stop("ksql")
        assert "ksql" not in {s.name for s in stack.status()}
        done = lab("status")
        assert done.returncode == 0
        assert "lab up ksql" in done.stdout
        done = lab("up", "ksql")
        assert done.returncode == 0, done.stderr
        assert "ksql answers after" in done.stdout
        shown = {s["name"]: s for s in json.loads(lab("status", "--json").stdout)}
        assert shown["ksql"]["ready"]

    def test_it_says_what_it_is(self, ksql: Ksql) -> None:
        """Nobody takes it for ksqlDB: its own description says that it is not."""
        info = ksql.info()
        assert info["ksqlServiceId"] == "lab_"
        assert info["serverStatus"] == "RUNNING"
        assert "lab" in str(info).lower()
        assert "compatible" in str(info).lower()

    def test_kill_and_restart(self, stack: Stack, ksql: Ksql) -> None:
        """A killed server is seen as killed and comes back with its statements."""
        ksql.run(
            "CREATE STREAM kept (id STRING KEY, v INT) WITH (KAFKA_TOPIC='kept', FORMAT='JSON', PARTITIONS=1);"
        )
        before = incarnation(stack, "ksql")
        stack.kill("ksql")
        assert (state(stack, "ksql").state, state(stack, "ksql").ready) == ("killed", False)
        with pytest.raises(KsqlError, match="does not answer"):
            ksql.info()
        stack.restart("ksql")
        assert incarnation(stack, "ksql") != before
        assert "KEPT" in ksql.names("STREAMS")

    def test_pause_and_resume(self, stack: Stack, ksql: Ksql) -> None:
        """A paused server keeps its pid and answers nobody until it goes on."""
        before = state(stack, "ksql")
        stack.pause("ksql")
        assert (state(stack, "ksql").state, state(stack, "ksql").ready) == ("paused", False)
        stack.resume("ksql")
        stack.wait_ready("ksql")
        assert state(stack, "ksql").pid == before.pid
        assert ksql.info()

    @pytest.mark.usefixtures("ksql")
    def test_killed_from_outside_it_comes_back(self, stack: Stack) -> None:
        """By the watchdog, or by Docker."""
        kill_from_outside(stack, "ksql")

    def test_it_waits_for_a_broker_that_is_away(self, stack: Stack, ksql: Ksql) -> None:
        """The health check tells, the server lives on, and works again when the broker is back."""
        pid = state(stack, "ksql").pid
        health = f"{stack.env['KSQL_URL']}/healthcheck"
        stack.kill("kafka")
        eventually(
            lambda: httpx.get(health, timeout=20, trust_env=False).status_code == 503,
            "the health check says no",
        )
        stack.restart("kafka")
        stack.wait_ready("ksql")
        assert state(stack, "ksql").pid == pid
        ksql.run(
            "CREATE STREAM after (id STRING KEY, v INT) WITH (KAFKA_TOPIC='after', FORMAT='JSON', PARTITIONS=1);"
        )

    @pytest.mark.usefixtures("ksql")
    def test_a_log_tells_what_it_does(self, stack: Stack) -> None:
        """Not only errors."""
        assert any(" INFO " in line for line in stack.logs("ksql", 2000))


SENSORS = """
CREATE STREAM sensors (name STRING KEY, at TIMESTAMP, degrees DECIMAL(6, 2), n BIGINT)
WITH (KAFKA_TOPIC='TOPIC', VALUE_FORMAT='JSON', PARTITIONS=1, TIMESTAMP='at');
CREATE TABLE warmest AS SELECT name, MAX(degrees) AS degrees, COUNT(*) AS readings,
LATEST_BY_OFFSET(at) AS at FROM sensors GROUP BY name EMIT CHANGES;
"""
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def sensors(stack: Stack, ksql: Ksql) -> Iterator[str]:
    """Give a topic of its own with a stream and a table on it; all three go afterwards."""
    topic = f"sensors-{uuid.uuid4().hex[:8]}"
    ksql.run(SENSORS.replace("TOPIC'", f"{topic}'"))
    yield topic
    remove_aggregates(stack)
    delete_topics(stack, topic)


def readings(count: int) -> list[dict[str, Any]]:
    return [
        {"name": f"s{n % 2}", "at": NOON, "degrees": Decimal(n).scaleb(-1), "n": 2**53 + n}
        for n in range(count)
    ]


@pytest.mark.parametrize("http2", [False, True], ids=["HTTP/1.1", "HTTP/2"])
@pytest.mark.usefixtures("sensors")
def test_insert_push_and_pull(stack: Stack, ksql: Ksql, http2: bool) -> None:
    """Rows go in, come out as they come, and are looked up, with every digit; by either protocol."""
    client = Ksql(ksql.url, http2=http2)
    assert client.insert("sensors", readings(6)) == 6
    with client.push("SELECT * FROM sensors EMIT CHANGES;", limit=6, timeout=30) as rows:
        found = list(rows)
    assert [row["N"] for row in found] == [2**53 + n for n in range(6)]
    assert [row["DEGREES"] for row in found] == [Decimal(n).scaleb(-1) for n in range(6)]
    assert found[0]["AT"] == NOON
    (query,) = [q["id"] for q in client.queries() if "WARMEST" in q["sinks"]]
    assert caught_up(stack, query, 30)
    table = client.pull("SELECT * FROM warmest WHERE name = 's1';")
    assert [str(kind) for kind in table.dtypes] == ["str", "object", "Int64", "datetime64[ms, UTC]"]
    assert table.to_numpy().tolist() == [["s1", Decimal("0.50"), 3, table["AT"][0]]]
    assert table["AT"][0] == NOON
    assert len(client.pull("SELECT * FROM warmest;")) == 2


@pytest.mark.usefixtures("sensors")
def test_a_push_query_ends_with_its_block(ksql: Ksql) -> None:
    """Afterwards the server does not know it any more."""
    with ksql.push("SELECT name FROM sensors EMIT CHANGES;") as rows:
        assert rows.query_id in {q["id"] for q in ksql.queries()}
    eventually(lambda: rows.query_id not in {q["id"] for q in ksql.queries()}, "it is gone", 10)


@pytest.mark.usefixtures("sensors")
def test_explain_names_the_topics_it_made(ksql: Ksql) -> None:
    """Grouping by something else than the key takes a repartition topic, and state a changelog."""
    ksql.run("CREATE TABLE by_n AS SELECT n, COUNT(*) AS c FROM sensors GROUP BY n EMIT CHANGES;")
    (query,) = [q["id"] for q in ksql.queries() if "BY_N" in q["sinks"]]
    plan = ksql.explain(query)
    assert plan["sources"] == ["SENSORS"]
    assert "BY_N" in plan["sinks"]
    assert "SENSORS" in plan["topology"].upper()

    def own() -> set[str]:
        topics = ksql.run("SHOW ALL TOPICS;")[0]["topics"]
        return {t["name"].rsplit("-", 1)[1] for t in topics if query in t["name"]}

    eventually(lambda: own() == {"repartition", "changelog"}, "its topics are there", 30)


def test_a_wrong_statement_changes_nothing(ksql: Ksql) -> None:
    """The message points at the place; what came before it is done, and the server lives."""
    with pytest.raises(KsqlError, match="line 1:") as caught:
        ksql.run(
            "CREATE STREAM s (id STRING KEY, v INT) WITH (KAFKA_TOPIC='s', FORMAT='JSON' PARTITIONS=1);"
        )
    assert caught.value.code == 40001
    with pytest.raises(KsqlError, match="no_such_topic"):
        ksql.run(
            "CREATE STREAM s (id STRING KEY, v INT) WITH (KAFKA_TOPIC='no_such_topic', FORMAT='JSON');"
        )
    assert "S" not in ksql.names("STREAMS")


def test_a_bad_record_is_told_and_passed_over(stack: Stack, ksql: Ksql, sensors: str) -> None:
    """It is in the processing log; the records around it are counted."""
    producer = ck.Producer({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]})
    good = b'{"AT": 1767614400000, "DEGREES": 1.5, "N": 1}'
    for value in (good, b"{broken", b'{"AT": "noon", "DEGREES": 1, "N": 1}', good):
        producer.produce(sensors, value, b"s1")
    producer.flush(20)

    def counted() -> list[int]:
        return [int(n) for n in ksql.pull("SELECT readings FROM warmest;")["READINGS"]]

    eventually(lambda: counted() == [2], "the good ones are counted", 30)
    topic = "lab_ksql_processing_log"
    eventually(lambda: len(list(read_topic(stack, topic))) >= 2, "both are told", 30)


class TestAggregates:
    """The kit's own: equal to pandas over the ledger, whatever happens meanwhile."""

    def test_a_messy_stream(self, empty: Stack, ksql: Ksql) -> None:
        """Duplicates count as events, late ones in their own window, broken ones not at all."""
        install_aggregates(empty)
        source = SyntheticSales(
            seed=31, events_per_day=20_000, duplicates=0.05, late=0.05, invalid=0.03
        )
        Producer(empty).send(source, count=30_000, rate=0)
        result = verify_aggregates(empty, within=WITHIN)
        assert result, told(result)
        assert all(c.expected for c in result.comparisons)
        assert verify(empty)
        install_aggregates(empty)
        assert len([q for q in ksql.queries() if q["queryType"] == "PERSISTENT"]) == 5

    def test_what_came_before_the_statements_counts_too(self, empty: Stack, ksql: Ksql) -> None:
        """Queries begin with the first event of the topic."""
        Producer(empty).send(SyntheticSales(seed=32, late=0.02), count=20_000, rate=0)
        assert ksql.info()
        install_aggregates(empty)
        result = verify_aggregates(empty, within=WITHIN)
        assert result, told(result)

    @pytest.mark.usefixtures("ksql")
    def test_killed_in_the_middle(self, empty: Stack) -> None:
        """A kill -9 under load loses nothing and counts nothing twice."""
        install_aggregates(empty)
        producer = Producer(empty)
        source = SyntheticSales(
            seed=33, events_per_day=50_000, duplicates=0.02, late=0.02, invalid=0.01
        )
        producer.start(source, count=200_000, rate=15_000)
        eventually(lambda: producer.report.acknowledged > 80_000, "it is in the middle")
        pid, _ = incarnation(empty, "ksql")
        os.kill(pid, signal.SIGKILL)
        producer.wait()
        empty.up()
        result = verify_aggregates(empty, within=WITHIN)
        assert result, told(result)

    @pytest.mark.usefixtures("ksql")
    def test_the_whole_real_shop(self, empty: Stack, real_data: Path) -> None:
        """All 541,909 lines: a year, gaps, returns, prices of 0, and one store that has nearly all."""
        install_aggregates(empty)
        Producer(empty, cap=1e9).send(OnlineRetail(real_data), rate=0)
        result = verify_aggregates(empty, within=WITHIN)
        assert result, told(result)

    def test_reset_leaves_nothing(self, empty: Stack, ksql: Ksql) -> None:
        """No statement, no topic, no row; a learner's own streams go, too, and their topics stay or not."""
        create_topic(empty, "mine", 1)
        ksql.run(
            "CREATE STREAM mine (id STRING KEY, v INT) WITH (KAFKA_TOPIC='mine', FORMAT='JSON');"
        )
        ksql.run("CREATE STREAM yours AS SELECT * FROM mine EMIT CHANGES;")
        install_aggregates(empty)
        Producer(empty).send(SyntheticSales(seed=34), count=1000, rate=0)
        assert verify_aggregates(empty, within=WITHIN)
        done = lab("reset", "--yes")
        assert done.returncode == 0, done.stderr
        assert ksql.names("TABLES") == []
        assert set(ksql.names("STREAMS")) <= {"KSQL_PROCESSING_LOG"}
        topics = {t["name"] for t in ksql.run("SHOW TOPICS;")[0]["topics"]}
        assert "mine" in topics
        assert not topics & {"YOURS", "sales_hourly", "sku_hourly"}
        delete_topics(empty, "mine")
        with connection(empty) as session:
            assert session.execute("SELECT count(*) FROM sales_hourly").fetchone() == (0,)
