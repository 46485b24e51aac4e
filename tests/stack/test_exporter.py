"""The exporter beside a real stack: its figures against the ledger and the table, through kills and resets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import confluent_kafka as ck
import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from lablib.arrivals import GROUP
from lablib.connect import Connect
from lablib.kafka import create_topic, delete_group, delete_topics, read_topic
from lablib.ledger import Ledger
from lablib.pipeline import DEAD_LETTERS, SINK, SINK_GROUP, TOPIC
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.reset import reset_pipeline
from lablib.sale import Kind
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import verify
from tests.stack.test_services import eventually

pytestmark = pytest.mark.stack


def messy(seed: int) -> SyntheticSales:
    return SyntheticSales(seed=seed, duplicates=0.05, late=0.05, invalid=0.03)


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


class Exporter:
    """An exporter of the test's own, in a process."""

    def __init__(self, stack: Stack, log: Path) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "lablib.exporter", "--disk", str(stack.settings.data)]
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [*command, "--listen", f"127.0.0.1:{self.port}"],
                env=os.environ | stack.env,
                stdout=file,
                stderr=file,
            )
        eventually(lambda: self.looked() == {"topic", "kafka", "connect", "postgres"}, "it looks")

    def read(self) -> dict[tuple[str, ...], float]:
        """Scrape: name and label values, in order of the labels' names, of each series."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10, trust_env=False)
        return {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def looked(self) -> set[str]:
        """Return which sources were looked at."""
        try:
            return {n[1] for n in self.read() if n[0] == "exporter_last_look_timestamp_seconds"}
        except httpx.ConnectError:
            assert self.process.poll() is None
            return set()

    def total(self, *name: str) -> float:
        """Return the sum of the series that begin with these words."""
        return sum(value for series, value in self.read().items() if series[: len(name)] == name)

    def kill(self) -> None:
        """End it the hard way."""
        self.process.kill()
        self.process.wait()


EVENTS = "sales_events_total"
LETTERS = "sales_dead_letters_total"
ROWS = "sales_event_to_row_seconds_count"
LAG = "kafka_consumergroup_lag"
LAG_SECONDS = "kafka_consumergroup_lag_seconds"


@contextmanager
def running(stack: Stack, log: Path) -> Iterator[Exporter]:
    exporter = Exporter(stack, log)
    try:
        yield exporter
    finally:
        exporter.kill()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Give the file that exporters of a test write to."""
    return tmp_path / "exporter.log"


@pytest.fixture
def fresh(empty: Stack) -> Stack:
    """Give an empty pipeline that no exporter has looked at before."""
    empty.stop("exporter")
    delete_group(empty, GROUP)
    with connection(empty) as session:
        session.execute("DELETE FROM exporter_position")
    return empty


def sent(stack: Stack) -> dict[str, int]:
    """Return how many events of each quality the ledger knows."""
    names = {Kind.SALE: "valid", Kind.DUPLICATE: "duplicate"}
    entries = Ledger(settings=stack.settings).entries(TOPIC)
    return dict(Counter(names.get(entry.kind, str(entry.kind)) for entry in entries))


def rows(stack: Stack) -> int:
    with connection(stack) as session:
        row = session.execute("SELECT count(*) FROM sales_raw").fetchone()
    assert row is not None
    return int(row[0])


def arrives(condition: Callable[[], bool], what: str) -> None:
    eventually(condition, what, 60)


def test_figures_equal_the_ledger(fresh: Stack, log: Path) -> None:
    """Events by quality, dead letters, rows: what was there before does not count, all else once."""
    yesterday = datetime(2026, 1, 4, tzinfo=UTC)
    Producer(fresh).send(SyntheticSales(seed=30, start=yesterday), count=500, rate=0)
    assert verify(fresh)
    with running(fresh, log) as exporter:
        assert exporter.total(EVENTS) == exporter.total(ROWS) == 0
        before = sent(fresh)
        Producer(fresh).send(messy(seed=31), count=20_000, rate=0)
        assert verify(fresh, within=120)
        expected = {k: n - before.get(k, 0) for k, n in sent(fresh).items()}
        assert set(expected) == {"valid", "duplicate", "late", "invalid"}
        arrives(lambda: exporter.total(EVENTS) == 20_000, "all events are counted")
        assert {k: exporter.total(EVENTS, k) for k in expected} == expected
        arrives(lambda: exporter.total(LETTERS) == expected["invalid"], "dead letters are counted")
        reasons = {n[1] for n, v in exporter.read().items() if n[0] == LETTERS and v}
        assert reasons == {"sale_id", "store_id", "quantity", "unit_price", "event_time", "json"}
        assert exporter.total(LETTERS) == len(list(read_topic(fresh, DEAD_LETTERS)))
        new = rows(fresh) - 500
        for since in ("sent", "event"):
            arrives(lambda since=since: exporter.total(ROWS, since) == new, "rows are counted")  # type: ignore[misc]
            assert exporter.total("sales_event_to_row_seconds_bucket", "+Inf", since) == new
        # These sales are of last winter; none of them took a minute to arrive, though.
        assert exporter.total("sales_event_to_row_seconds_bucket", "300.0", "event") == 0
        assert exporter.total("sales_event_to_row_seconds_bucket", "60.0", "sent") == new
        seen = exporter.read()
        assert exporter.total("kafka_topic_records_total", "0", DEAD_LETTERS) == expected["invalid"]
        assert sum(seen["kafka_topic_records_total", str(p), TOPIC] for p in range(3)) == 20_500
        assert seen["connect_connector_state", SINK, "RUNNING"] == 1
        assert seen["connect_task_state", SINK, "RUNNING", "0"] == 1
        disk = str(fresh.settings.data)
        assert 0 < seen["disk_free_bytes", disk] < seen["disk_size_bytes", disk]


def test_lag_of_a_paused_sink(fresh: Stack, log: Path) -> None:
    """It is what was sent since, its seconds pass like those of the clock, and it goes back to 0."""
    connect = Connect(fresh.env["CONNECT_URL"])
    Producer(fresh).send(SyntheticSales(seed=32), count=500, rate=0)
    assert verify(fresh)
    with running(fresh, log) as exporter:
        assert exporter.total(LAG, SINK_GROUP) == exporter.total(LAG_SECONDS, SINK_GROUP) == 0
        connect.pause(SINK)
        arrives(
            lambda: exporter.read().get(("connect_connector_state", SINK, "PAUSED")) == 1,
            "the pause is seen",
        )
        begin = time.time()
        Producer(fresh).send(SyntheticSales(seed=33), count=300, rate=0)
        arrives(lambda: exporter.total(LAG, SINK_GROUP) == 300, "what was sent is lag")
        arrives(lambda: exporter.total(LAG_SECONDS, SINK_GROUP, TOPIC) > 5, "its seconds grow")
        assert exporter.total(LAG_SECONDS, SINK_GROUP, TOPIC) <= time.time() - begin + 1
        with running(fresh, log) as second:
            assert second.total(LAG, SINK_GROUP) == 300
            young = second.total(LAG_SECONDS, SINK_GROUP, TOPIC)  # since its own first look
            assert young < exporter.total(LAG_SECONDS, SINK_GROUP, TOPIC) - 2
        connect.resume(SINK)
        arrives(lambda: exporter.total(LAG, SINK_GROUP) == 0, "the sink catches up")
        arrives(lambda: exporter.total(LAG_SECONDS, SINK_GROUP) == 0, "nothing waits")
        assert exporter.total(LAG, GROUP) == 0


def test_dead_letters_at_the_end_are_no_lag(fresh: Stack, log: Path) -> None:
    """While the sink rests they are; once it has refused them nobody has to read them any more."""
    connect = Connect(fresh.env["CONNECT_URL"])
    Producer(fresh).send(SyntheticSales(seed=36), count=100, rate=0)
    assert verify(fresh)
    broken = (e for e in SyntheticSales(seed=37, invalid=0.5) if e.kind is Kind.INVALID)
    with running(fresh, log) as exporter:
        connect.pause(SINK)
        arrives(
            lambda: exporter.read().get(("connect_connector_state", SINK, "PAUSED")) == 1,
            "the pause is seen",
        )
        Producer(fresh).send(broken, count=3)
        arrives(lambda: exporter.total(LAG_SECONDS, SINK_GROUP, TOPIC) > 4, "they wait")
        assert exporter.total(LAG, SINK_GROUP) == 3
        connect.resume(SINK)
        arrives(lambda: exporter.total(LAG, SINK_GROUP) == 0, "they are dead letters now")


def test_a_killed_exporter_goes_on(fresh: Stack, log: Path) -> None:
    """At least once: what no scrape has shown is counted later, and a moment's events twice."""
    source = messy(seed=34)
    producer = Producer(fresh)
    scrapes: list[tuple[float, dict[tuple[str, ...], float]]] = []
    with running(fresh, log) as first:
        producer.start(source, rate=1000, count=15_000)
        while producer.report.sent < 7000:
            scrapes.append((time.monotonic(), first.read()))
            time.sleep(0.1)
        first.kill()
    eventually(lambda: producer.report.sent > 10_000, "it is away for a while")
    last = scrapes[-1][1]
    # A look may take longer than its second on a busy machine.
    earlier = next(seen for at, seen in reversed(scrapes) if at < scrapes[-1][0] - 4)
    with running(fresh, log) as second:
        producer.wait(60)
        assert verify(fresh, within=120)
        expected = {(EVENTS, quality): number for quality, number in sent(fresh).items()}
        expected |= {(ROWS, since): rows(fresh) for since in ("sent", "event")}
        for name, number in expected.items():
            most = number + last[name] - earlier[name]
            arrives(
                lambda name=name, number=number: last[name] + second.total(*name) >= number,  # type: ignore[misc]
                f"nothing of {name} is missed",
            )
            assert last[name] + second.total(*name) <= most, f"too many of {name}"


def test_a_reset_in_the_middle(fresh: Stack, log: Path) -> None:
    """Topics and table are deleted and made anew, and the exporter counts on."""

    def sell() -> None:
        Producer(fresh).send(SyntheticSales(seed=35, invalid=0.1), count=1000, rate=0)
        assert verify(fresh, within=120)

    with running(fresh, log) as exporter:
        sell()
        bad = sent(fresh)["invalid"]
        arrives(lambda: exporter.total(ROWS, "sent") == 1000 - bad, "rows are counted")
        arrives(lambda: exporter.total(EVENTS) == 1000, "events are counted")
        reset_pipeline(fresh)
        sell()  # the same sales again: in a new topic they are no duplicates
        arrives(lambda: exporter.total(EVENTS) == 2000, "the new topic's events are counted")
        assert exporter.total(EVENTS, "valid") == 2000 - 2 * bad
        arrives(lambda: exporter.total(ROWS, "sent") == 2000 - 2 * bad, "rows of the new table")
        arrives(lambda: exporter.total(LETTERS) == 2 * bad, "dead letters of the new topic")
        arrives(lambda: exporter.total(LAG, SINK_GROUP) == 0, "the new group's lag")


def test_servers_die_and_come_back(fresh: Stack, log: Path) -> None:
    """Without Kafka its gauges vanish; afterwards nothing is missing, and nothing counted twice."""
    source = messy(seed=36)
    with running(fresh, log) as exporter:
        producer = Producer(fresh)
        producer.start(source, rate=500, count=20_000)
        for name, step in (("postgres", 1000), ("kafka", 1000)):
            already = producer.report.acknowledged
            eventually(
                lambda n=already + step: producer.report.acknowledged > n,  # type: ignore[misc]
                "the flow goes on",
            )
            fresh.kill(name)
            source_name = "postgres" if name == "postgres" else "kafka"
            arrives(lambda n=source_name: exporter.total("exporter_look_errors_total", n) > 0, name)  # type: ignore[misc]
            if name == "kafka":
                arrives(
                    lambda: not any(n[0].startswith("kafka_") for n in exporter.read()),
                    "its gauges vanish",
                )
            fresh.restart(name)
        producer.pause()
        fresh.pause("kafka")
        time.sleep(3)
        fresh.resume("kafka")
        producer.resume()
        producer.wait(120)
        assert verify(fresh, within=120)
        expected = sent(fresh)
        arrives(lambda: exporter.total(EVENTS) == 20_000, "all events are counted")
        assert {k: exporter.total(EVENTS, k) for k in expected} == expected
        arrives(lambda: exporter.total(ROWS, "sent") == rows(fresh), "all rows are counted")
        arrives(
            lambda: exporter.total(LETTERS) == len(list(read_topic(fresh, DEAD_LETTERS))),
            "all dead letters are counted",
        )
        arrives(lambda: exporter.total(LAG_SECONDS, SINK_GROUP) == 0, "the lag is back")
    assert len(log.read_text().splitlines()) < 40  # no storm of complaints


def test_a_row_that_becomes_visible_late(fresh: Stack, log: Path) -> None:
    """It is stamped before the others and committed after them, and no row is lost over that."""
    with running(fresh, log) as exporter:
        writer = connection(fresh)
        writer.execute(
            "INSERT INTO sales_raw VALUES ('late-1', 'S01', 1, 'SKU-1', 1, 1, now(), NULL, NULL, now())"
        )
        reader = connection(fresh)  # somebody who only reads holds nothing back
        reader.execute("SELECT count(*) FROM sales_raw")
        Producer(fresh).send(SyntheticSales(seed=37), count=50, rate=0)
        eventually(lambda: rows(fresh) == 50, "the others are committed")
        committed = time.time() + 1
        arrives(
            lambda: exporter.total("exporter_last_look_timestamp_seconds", "postgres") > committed,
            "the exporter has looked since",
        )
        assert exporter.total(ROWS, "sent") == 0
        writer.commit()
        writer.close()
        arrives(lambda: exporter.total(ROWS, "sent") == 51, "all are counted")
        Producer(fresh).send(SyntheticSales(seed=38), count=50, rate=0)
        arrives(lambda: exporter.total(ROWS, "sent") == 101, "a reader's transaction is no matter")
        reader.close()


def test_the_marker_of_a_transaction_is_no_lag(stack: Stack, log: Path) -> None:
    """A group has read a transaction's record, and all that is left is the marker behind it."""
    servers = {"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]}
    topic = group = f"test-exporter-{time.monotonic_ns()}"
    create_topic(stack, topic, 1)
    producer = ck.Producer(servers | {"transactional.id": topic})
    producer.init_transactions(30)
    client = ck.Consumer(servers | {"group.id": group})

    def write() -> None:
        producer.begin_transaction()
        producer.produce(topic, b"record")
        producer.commit_transaction(30)

    try:
        with running(stack, log) as exporter:
            write()
            client.commit(offsets=[ck.TopicPartition(topic, 0, 1)], asynchronous=False)
            name = (LAG, group, "0", topic)
            arrives(lambda: exporter.read().get(name) == 0, "a marker alone is no lag")
            write()
            arrives(lambda: exporter.read()[name] >= 1, "a record behind it is")
            arrives(lambda: exporter.total(LAG_SECONDS, group, topic) > 2, "and it waits")
            assert exporter.read()[name] >= 1
            client.commit(offsets=[ck.TopicPartition(topic, 0, 3)], asynchronous=False)
            arrives(lambda: exporter.read()[name] == 0, "it has been read")
    finally:
        client.close()
        delete_group(stack, group)
        delete_topics(stack, topic)
