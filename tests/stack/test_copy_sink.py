"""The Python sink: exact, also after a crash, and on a topic that was made anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice

import psycopg
import pytest

from lablib.copy_sink import CopySink, Row
from lablib.errors import LabError
from lablib.kafka import create_topic, delete_topics
from lablib.pipeline import install
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.sale import Event, Kind, Sale
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales

pytestmark = pytest.mark.stack

TOPIC, TABLE = "test.copy", "test_copy"
EVENTS = list(islice(SyntheticSales(seed=9, duplicates=0.1, invalid=0.05), 5000))
_names = count()


@pytest.fixture
def sink(stack: Stack) -> Iterator[CopySink]:
    """Give a sink of a new name on an empty topic and an empty table."""
    stack.up()
    install(stack)
    create_topic(stack, TOPIC, partitions=3)
    with connection(stack) as session:
        session.execute(f"CREATE TABLE {TABLE} (LIKE sales_raw INCLUDING ALL)")
    yield CopySink(stack, topic=TOPIC, table=TABLE, name=f"test-{next(_names)}", batch=700)
    delete_topics(stack, TOPIC)
    with connection(stack) as session:
        session.execute(f"DROP TABLE {TABLE}")


def send(stack: Stack, events: Sequence[Event]) -> None:
    Producer(stack, TOPIC).send(events, rate=0)


def rows(stack: Stack) -> set[tuple[object, ...]]:
    with connection(stack) as session:
        return set(
            session.execute(f"SELECT sale_id, quantity, unit_price, event_time FROM {TABLE}")
        )


def expected(events: Sequence[Event]) -> set[tuple[object, ...]]:
    sales = [Sale.from_json(e.value) for e in events if e.kind is not Kind.INVALID]
    return {(s.sale_id, s.quantity, s.unit_price, s.event_time) for s in sales}


def test_rows_and_rejects_are_exact(stack: Stack, sink: CopySink) -> None:
    """Every sale becomes one row, every invalid event one reject, and a second run adds nothing."""
    send(stack, EVENTS)
    loaded = sink.drain()
    invalid = sum(e.kind is Kind.INVALID for e in EVENTS)
    assert (loaded.events, loaded.rejected) == (len(EVENTS), invalid)
    assert rows(stack) == expected(EVENTS)
    with connection(stack) as session:
        query = "SELECT value FROM consumer_rejects WHERE consumer = %s"
        rejects = [value for (value,) in session.execute(query, (sink.name,))]
    assert sorted(rejects) == sorted(e.value for e in EVENTS if e.kind is Kind.INVALID)
    assert sink.drain().events == 0


def test_a_crash_loses_and_doubles_nothing(
    stack: Stack, sink: CopySink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch whose transaction fails leaves no row and no offset; the next run goes on there."""
    send(stack, EVENTS)
    write, calls = CopySink.write, count(1)

    def write_and_die(self: CopySink, cursor: psycopg.Cursor, batch: Sequence[Row]) -> None:
        write(self, cursor, batch)
        if next(calls) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CopySink, "write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            sink.drain()
    before = len(rows(stack))
    assert 0 < before < len(expected(EVENTS))
    with connection(stack) as session:
        query = "SELECT sum(next_offset) FROM consumer_offsets WHERE consumer = %s"
        ((stored,),) = session.execute(query, (sink.name,)).fetchall()
    assert sink.drain().events == len(EVENTS) - stored
    assert rows(stack) == expected(EVENTS)


def test_a_topic_made_anew_is_read_from_its_start(stack: Stack, sink: CopySink) -> None:
    """Offsets of a deleted topic do not hide the events of one with the same name."""
    send(stack, EVENTS[:1000])
    sink.drain()
    delete_topics(stack, TOPIC)
    create_topic(stack, TOPIC, partitions=3)
    send(stack, EVENTS[1000:1500])
    assert sink.drain().events == 500


def test_an_unknown_topic_is_named(stack: Stack) -> None:
    """A topic that does not exist is an error that names it."""
    stack.up()
    with pytest.raises(LabError, match=r"no topic 'test\.nowhere'"):
        CopySink(stack, topic="test.nowhere").drain()
