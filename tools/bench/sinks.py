"""Rows per second into Postgres: the connector as shipped, and the same done in Python.

All read one topic that was filled before, and upsert into a fresh table like ``sales_raw``, with the
same checks of each event and the same durability. Each run has a new connector or consumer name:
a used one would go on at its old offsets. A rate is that of the last nine tenths of the rows by
``loaded_at``, so that neither the start of a task nor a caller's way of waiting counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Placeholder

from lablib.connect import Connect
from lablib.copy_sink import CopySink, Row
from lablib.kafka import create_topic
from lablib.pipeline import install
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.sale import FIELDS
from lablib.stack import Stack
from tools.bench.home import bench_stack, cpu_of, made_events, own_cpu, tell, wait_for_rows
from tools.bench.pairs import Row as TableRow
from tools.bench.pairs import Run, at_least, noise, ratio_row, take_turns

TOPIC, DEAD_LETTERS = "bench.sales", "bench.dlq"
EVENTS = 200_000
QUICK_EVENTS = 50_000
WARM_UP_RUNS = 2
_number = count(1)


class ExecutemanySink(CopySink):
    """The same consumer, but with the INSERT that most programs would write."""

    def write(self, cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
        """Upsert rows one statement each, sent together."""
        names = [*FIELDS, "sent_at"]
        changed = [SQL("{0} = excluded.{0}").format(Identifier(name)) for name in names[1:]]
        query = SQL(
            "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT (sale_id) DO UPDATE SET {}"
        ).format(
            Identifier(self.table),
            SQL(", ").join(map(Identifier, names)),
            SQL(", ").join(Placeholder() * len(names)),
            SQL(", ").join(changed),
        )
        cursor.executemany(query, rows)


def measure(*, quick: bool) -> list[TableRow]:
    """Return the rows: connector against COPY and executemany, and COPY against executemany."""
    events, pairs = (QUICK_EVENTS, 1) if quick else (EVENTS, 5)
    with bench_stack() as stack:
        stack.up()
        install(stack)
        for name in (TOPIC, DEAD_LETTERS):
            create_topic(stack, name, partitions=3)
        Producer(stack, TOPIC).send(iter(made_events(events)), rate=0)
        connector = partial(_measured, stack, events, _by_connector)
        copy = partial(_measured, stack, events, partial(_by_python, CopySink))
        executemany = partial(_measured, stack, events, partial(_by_python, ExecutemanySink))
        tell("sinks: warming up")
        for _ in range(WARM_UP_RUNS):
            connector()
        tell("sinks: connector against itself")
        doubt = noise(take_turns(connector, connector, max(1, pairs // 2)))
        rows = []
        for subject, arm, name, other, bound in (
            ("sink as shipped", connector, "COPY in Python", copy, 0.45),
            ("sink as shipped", connector, "executemany", executemany, None),
            ("COPY in Python", copy, "executemany", executemany, 1.5),
        ):
            tell(f"sinks: {subject} against {name}")
            runs = take_turns(arm, other, pairs)
            target = at_least(bound) if bound else None
            rows.append(
                ratio_row(subject, runs, other=name, unit="rows/s", target=target, noise=doubt)
            )
        return rows


def _measured(stack: Stack, events: int, load: Callable[[Stack, str, int], None]) -> Run:
    with fresh_table(stack) as table:
        cpu = own_cpu() + cpu_of(stack)
        load(stack, table, events)
        cpu = own_cpu() + cpu_of(stack) - cpu
        with connection(stack) as session:
            seconds = session.execute(SQL(_LAST_NINE_TENTHS).format(Identifier(table))).fetchone()
        assert seconds is not None
        return Run(0.9 * events / float(seconds[0]), cpu)


_LAST_NINE_TENTHS = """
SELECT extract(epoch FROM
    max(loaded_at) - percentile_disc(0.1) WITHIN GROUP (ORDER BY loaded_at)) FROM {}
"""


@contextmanager
def fresh_table(stack: Stack) -> Iterator[str]:
    """Give an empty table like ``sales_raw``; it is dropped at the end."""
    table = f"bench_{next(_number)}"
    with connection(stack, autocommit=True) as session:
        name = Identifier(table)
        session.execute(SQL("CREATE TABLE {} (LIKE sales_raw INCLUDING ALL)").format(name))
        try:
            yield table
        finally:
            session.execute(SQL("DROP TABLE {}").format(name))


@contextmanager
def running_connector(stack: Stack, topic: str, table: str) -> Iterator[str]:
    """Run the shipped sink under another name on another topic and table; it is deleted at the end."""
    file = stack.settings.stack_files / "connect" / "sales-sink.json"
    definition: dict[str, Any] = json.loads(file.read_text())
    definition["name"] = table
    definition["config"] |= {
        "topics": topic,
        "collection.name.format": table,
        "errors.deadletterqueue.topic.name": DEAD_LETTERS,
    }
    connect = Connect(stack.env["CONNECT_URL"])
    connect.register(definition)
    try:
        yield table
    finally:
        connect.delete(table)


def _by_connector(stack: Stack, table: str, events: int) -> None:
    with running_connector(stack, TOPIC, table):
        wait_for_rows(stack, table, events)


def _by_python(sink: type[CopySink], stack: Stack, table: str, events: int) -> None:
    sink(stack, topic=TOPIC, table=table, name=table).drain()
    wait_for_rows(stack, table, events)
