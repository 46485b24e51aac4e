"""Sales from a producer to a table: exact by the ledger, and by computations that know nothing of it."""

from __future__ import annotations

import csv
import gzip
import sqlite3
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import confluent_kafka as ck
import pytest

from lablib.connect import Connect
from lablib.errors import DeliveryFailed, LabError
from lablib.kafka import create_topic, delete_topics, read_topic, waiting
from lablib.ledger import Ledger
from lablib.online_retail import OnlineRetail
from lablib.pipeline import DEAD_LETTERS, SINK, TOPIC
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.reset import reset_pipeline
from lablib.sale import Event, Kind
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import Verdict, verify
from tests.stack.test_services import eventually

pytestmark = pytest.mark.stack

REASON = "__connect.errors.exception.message"


def ask(stack: Stack, query: str) -> tuple[object, ...]:
    with connection(stack) as session:
        row = session.execute(query.encode()).fetchone()
    assert row is not None
    return tuple(row)


def explain(stack: Stack) -> str:
    result = verify(stack)
    return f"{result.verdict}: " + "; ".join(map(str, result.comparisons))


def test_a_messy_stream_arrives_exactly(empty: Stack) -> None:
    """Duplicates collapse, late sales arrive, broken events go to the dead letters with a reason."""
    source = SyntheticSales(seed=5, duplicates=0.05, late=0.05, invalid=0.03)
    report = Producer(empty).send(source, count=20_000, rate=0)
    assert report.acknowledged == 20_000
    assert verify(empty), explain(empty)
    kinds = [e.kind for e, _ in zip(source, range(20_000), strict=False)]
    assert (
        ask(empty, "SELECT count(*), count(DISTINCT sale_id) FROM sales_raw")
        == (kinds.count(Kind.SALE) + kinds.count(Kind.LATE),) * 2
    )
    letters = list(read_topic(empty, DEAD_LETTERS))
    assert len(letters) == kinds.count(Kind.INVALID) > 400
    reasons = [str(dict(message.headers() or [])[REASON]) for message in letters]
    assert all("value" in reason or "not JSON" in reason for reason in reasons)
    assert any("quantity: expected a whole number" in reason for reason in reasons)


def test_all_of_the_real_shop_arrives(empty: Stack, real_data: Path) -> None:
    """541,909 lines: count, revenue and articles in SQL equal those that the csv module finds."""
    report = Producer(empty, cap=1e9).send(OnlineRetail(real_data), rate=0)
    lines, revenue, articles = 0, Decimal(0), set()
    with gzip.open(real_data, "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            lines += 1
            revenue += int(row["Quantity"]) * Decimal(row["UnitPrice"])
            articles.add(row["StockCode"])
    assert report.acknowledged == lines == 541_909
    result = verify(empty, within=180)
    assert result, explain(empty)
    query = "SELECT count(*), sum(quantity * unit_price), count(DISTINCT sku) FROM sales_raw"
    assert ask(empty, query) == (lines, revenue, len(articles))


def test_nothing_is_lost_when_every_server_is_killed(
    empty: Stack, real_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Postgres, Kafka and Connect die halfway, one after another; the pipeline heals by itself."""
    producer, connect = Producer(empty), Connect(empty.env["CONNECT_URL"])
    producer.start(OnlineRetail(real_data), rate=10_000)
    recovered = {}
    for name in ("postgres", "kafka", "connect"):
        # A slow machine may have sent everything by then.
        enough = min(producer.report.sent + 60_000, 541_909)
        eventually(
            lambda enough=enough: producer.report.sent >= enough,  # type: ignore[misc]
            f"the flow goes on before {name} is killed",
            90,
            lambda: producer.report,
        )
        empty.kill(name)
        empty.restart(name)
        begin, before = time.monotonic(), ask(empty, "SELECT count(*) FROM sales_raw")
        eventually(
            lambda before=before: ask(empty, "SELECT count(*) FROM sales_raw") > before,  # type: ignore[misc]
            f"rows flow again after {name} was killed",
            90,
        )
        recovered[name] = time.monotonic() - begin
    assert producer.wait(180).acknowledged == 541_909
    result = verify(empty, within=180)
    assert result, explain(empty)
    assert connect.status(SINK).running
    with capsys.disabled():
        print("\nrows flow again after", {k: f"{v:.1f} s" for k, v in recovered.items()})


@pytest.fixture(scope="module")
def sold(stack: Stack) -> Stack:
    """Give a pipeline with 300 sales in it."""
    reset_pipeline(stack)
    Producer(stack).send(SyntheticSales(seed=9), count=300, rate=0)
    assert verify(stack), explain(stack)
    return stack


def test_a_broken_event_at_the_end_keeps_nobody_waiting(empty: Stack) -> None:
    """The sink commits past a dead letter only with the next good sale; all is there nevertheless."""
    events = iter(SyntheticSales(seed=5, invalid=0.5))
    some = [next(events) for _ in range(200)]
    last = next(event for event in events if event.kind is Kind.INVALID)
    Producer(empty).send([*some, last])
    assert verify(empty, within=30), explain(empty)


class TestVerifySees:
    """The judge itself is judged: each kind of damage is found, named and counted."""

    @pytest.mark.parametrize(
        ("damage", "field"),
        [
            (
                "DELETE FROM sales_raw WHERE sale_id = (SELECT min(sale_id) FROM sales_raw)",
                "missing",
            ),
            ("UPDATE sales_raw SET quantity = quantity + 1 WHERE store_id = 'S01'", "different"),
            (
                "UPDATE sales_raw SET unit_price = unit_price + 0.001 WHERE store_seq = 1",
                "different",
            ),
            ("UPDATE sales_raw SET event_time = event_time + interval '1 ms'", "different"),
            ("INSERT INTO sales_raw SELECT * FROM forged", "unexpected"),
        ],
    )
    def test_damage_in_the_table(self, sold: Stack, damage: str, field: str) -> None:
        """A row deleted, changed, moved by a millisecond, or forged."""
        with connection(sold) as session:
            session.execute("DROP TABLE IF EXISTS sales_copy")
            session.execute("CREATE TABLE sales_copy AS TABLE sales_raw")
            session.execute("DROP TABLE IF EXISTS forged")
            session.execute("CREATE TABLE forged AS SELECT * FROM sales_raw LIMIT 1")
            session.execute("UPDATE forged SET sale_id = 'forged'")
            changed = session.execute(damage.encode()).rowcount
        try:
            result = verify(sold)
            table = next(c for c in result.comparisons if c.place == "table sales_raw")
            assert result.verdict is Verdict.DIFFERENT
            assert getattr(table, field) == changed > 0
            assert table.examples
        finally:
            with connection(sold) as session:
                session.execute("TRUNCATE sales_raw")
                session.execute("INSERT INTO sales_raw TABLE sales_copy")
                session.execute("DROP TABLE sales_copy, forged")

    def test_an_event_that_is_twice_or_nowhere_in_the_topic(self, sold: Stack) -> None:
        """A copy behind the ledger's back is doubled; an entry that never left is missing."""
        message = next(read_topic(sold, TOPIC))
        client = ck.Producer({"bootstrap.servers": sold.env["KAFKA_BOOTSTRAP_SERVERS"]})
        client.produce(TOPIC, message.value(), message.key())
        client.flush(10)
        ledger = Ledger(settings=sold.settings)
        never = SyntheticSales(seed=10)
        chunk = ledger.enter(ledger.begin(TOPIC, "never sent"), [next(iter(never))])
        ledger.close_chunk(chunk, [], [])
        topic = next(c for c in verify(sold).comparisons if c.place == "topic sales")
        assert (topic.doubled, topic.missing) == (1, 1)
        reset_pipeline(sold)

    def test_what_kafka_has_but_the_table_lost_is_missing(self, sold: Stack) -> None:
        """A dead producer's sends of unknown outcome count, once the topic is seen to have them."""
        reset_pipeline(sold)
        Producer(sold).send(SyntheticSales(seed=9), count=300, rate=0)
        ledger = Ledger(settings=sold.settings)
        with sqlite3.connect(ledger.path) as book:
            book.execute("UPDATE chunks SET answered = 0, failed = NULL, unknown = NULL")
        assert verify(sold), explain(sold)
        with connection(sold) as session:
            session.execute("DELETE FROM sales_raw WHERE store_seq = 1")
        table = next(c for c in verify(sold).comparisons if c.place == "table sales_raw")
        assert table.missing > 0
        reset_pipeline(sold)

    def test_a_lost_dead_letter_is_missing(self, sold: Stack) -> None:
        """Broken events are counted, too: a dead letter that vanished is a loss."""
        reset_pipeline(sold)
        Producer(sold).send(SyntheticSales(seed=12, invalid=0.2), count=100, rate=0)
        assert verify(sold), explain(sold)
        delete_topics(sold, DEAD_LETTERS)
        create_topic(sold, DEAD_LETTERS, 1)
        letters = next(c for c in verify(sold).comparisons if c.place == "topic sales.dlq")
        assert letters.missing == letters.expected > 5
        reset_pipeline(sold)

    def test_an_event_under_a_wrong_key_is_seen(self, sold: Stack) -> None:
        """The key decides on the order, so the right value under a wrong key is not exact."""
        reset_pipeline(sold)
        event = next(iter(SyntheticSales(seed=13)))
        ledger = Ledger(settings=sold.settings)
        chunk = ledger.enter(ledger.begin(TOPIC, "test"), [event])
        ledger.close_chunk(chunk, [], [])
        client = ck.Producer({"bootstrap.servers": sold.env["KAFKA_BOOTSTRAP_SERVERS"]})
        client.produce(TOPIC, event.value, b"another shop")
        client.flush(10)
        topic = next(c for c in verify(sold).comparisons if c.place == "topic sales")
        assert (topic.missing, topic.unexpected) == (1, 1)
        reset_pipeline(sold)

    def test_a_paused_sink_means_not_yet(self, sold: Stack) -> None:
        """While the sink has something to read the verdict is neither good nor bad."""
        connect = Connect(sold.env["CONNECT_URL"])
        reset_pipeline(sold)
        connect.pause(SINK)
        eventually(lambda: connect.status(SINK).state == "PAUSED", "the sink rests")
        Producer(sold).send(SyntheticSales(seed=11), count=10, rate=0)
        result = verify(sold, within=1)
        assert (result.verdict, result.waiting) == (Verdict.NOT_YET, 10)
        connect.resume(SINK)
        assert verify(sold), explain(sold)


@pytest.fixture
def topic(stack: Stack) -> Iterator[str]:
    """Give a topic of its own."""
    name = f"test-sales-{time.monotonic_ns()}"
    create_topic(stack, name, 2)
    yield name
    delete_topics(stack, name)


class TestProducer:
    """The producer on a real broker."""

    def test_pause_resume_rate_and_stop(self, stack: Stack, topic: str) -> None:
        """A run can be slowed, stopped and continued from outside, and ends in order."""
        producer = Producer(stack, topic)
        producer.start(SyntheticSales(seed=1), rate=200)
        eventually(lambda: producer.report.sent > 50, "it sends")
        producer.pause()
        eventually(lambda: producer.report.waiting == 0, "what was sent is answered")
        resting = producer.report.sent
        time.sleep(0.5)  # long enough for 100 events
        assert producer.report.sent - resting <= 20
        producer.rate = 2000
        producer.resume()
        eventually(lambda: producer.report.sent > resting + 1000, "it is faster now", 10)
        producer.stop()
        report = producer.wait(10)
        assert report.sent == report.acknowledged == len(list(read_topic(stack, topic)))

    def test_an_event_that_is_too_large_is_reported(self, stack: Stack, topic: str) -> None:
        """Two good events arrive, the refused one is counted, named, and kept in the ledger."""
        good = list(zip(SyntheticSales(seed=1), range(2), strict=False))
        events = [good[0][0], Event(b"S01", b"x" * 1_500_000, Kind.INVALID, "", 0.0), good[1][0]]
        producer = Producer(stack, topic)
        with pytest.raises(DeliveryFailed, match="too large"):
            producer.send(events)
        assert (producer.report.acknowledged, producer.report.failed) == (2, 1)
        assert Ledger(settings=stack.settings).totals(topic).failed == 1
        assert len(list(read_topic(stack, topic))) == 2

    def test_a_frozen_broker_means_waiting(self, stack: Stack, topic: str) -> None:
        """While Kafka is frozen nothing is dropped; afterwards everything is there, once."""
        producer = Producer(stack, topic)
        stack.pause("kafka")
        try:
            with pytest.raises(LabError, match="Kafka does not answer"):
                Producer(stack, topic).send(SyntheticSales(seed=2), count=1)
        finally:
            stack.resume("kafka")
        producer.start(SyntheticSales(seed=2), rate=2000, count=6000)
        eventually(lambda: producer.report.acknowledged > 1000, "it flows")
        stack.pause("kafka")
        time.sleep(2)
        stack.resume("kafka")
        assert producer.wait(60).acknowledged == 6000
        values = [m.value() for m in read_topic(stack, topic)]
        assert len(values) == len(set(values)) == 6000

    def test_an_unknown_topic_is_told_at_once(self, stack: Stack) -> None:
        """Nothing is entered in the ledger for a topic that does not exist."""
        with pytest.raises(LabError, match="no topic 'salse'"):
            Producer(stack, "salse").send(SyntheticSales(seed=1), count=1)
        assert Ledger(settings=stack.settings).totals("salse").sent == 0


class TestWaiting:
    """Whether a group has all that it can ever get is asked of Kafka."""

    def test_an_open_transaction_counts(self, stack: Stack, topic: str) -> None:
        """Its records may yet be committed; aborted, they are nobody's any more."""
        producer = ck.Producer(
            {
                "bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"],
                "transactional.id": f"{topic}-writer",
            }
        )
        producer.init_transactions(30)
        assert not waiting(stack, "nobody", topic)
        producer.begin_transaction()
        producer.produce(topic, b"perhaps")
        producer.flush(30)
        assert waiting(stack, "nobody", topic)
        producer.abort_transaction(30)
        eventually(lambda: not waiting(stack, "nobody", topic), "the aborted record is nobody's")
        producer.begin_transaction()
        producer.produce(topic, b"surely")
        producer.commit_transaction(30)
        assert waiting(stack, "nobody", topic)
