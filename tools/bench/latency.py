"""From the moment an event should be sent to the moment its row can be seen by somebody else.

Open loop: event n is due at start + n / rate, and its time counts from then, even when the producer
is late; a slow system cannot slow down the questions. "Seen" is what another session sees: it
asks for the newest row of each store every few milliseconds, which the primary key answers at once
and which, unlike ``loaded_at``, includes the commit. A store's events stay in order on their way, so
the newest visible row of a store means that all its earlier ones are visible too.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from psycopg.sql import SQL, Identifier

from lablib.errors import LabError
from lablib.kafka import create_topic, delete_topics
from lablib.pipeline import install
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.sale import Event, Kind, sale_json
from lablib.stack import Stack
from tools.bench.home import bench_stack, made_events, tell, wait_for_rows
from tools.bench.pairs import Row, at_most, percentile, value_row
from tools.bench.sinks import DEAD_LETTERS, fresh_table, running_connector

# Events per second: a million a day, five times that, and two loads far above.
TARGETS = {
    12: {95: 0.3},
    58: {95: 0.3},
    10_000: {95: 0.3},
    20_000: {95: 0.5, 99: 1.0},
}
STORES = [f"S{number:02}" for number in range(1, 9)]
SECONDS, QUICK_SECONDS = 12.0, 4.0
# Before the first load, as fast as possible; and before each load, at its own rate.
WARM_UP_TOPIC = "bench.latency.warm-up"
WARM_UP_EVENTS = 300_000
WARM_UP = 4.0
LOOK_EVERY = 0.005
SEEN_WITHIN = 60.0


def measure(*, quick: bool) -> list[Row]:
    """Return P50, P95 and P99 in seconds for each load."""
    seconds = QUICK_SECONDS if quick else SECONDS
    rows = []
    with bench_stack() as stack:
        stack.up()
        install(stack)
        create_topic(stack, DEAD_LETTERS, partitions=1)
        tell("latency: warming up")
        _warm_up(stack, WARM_UP_EVENTS // 5 if quick else WARM_UP_EVENTS)
        for rate, targets in TARGETS.items():
            tell(f"latency: {rate:,} events/s")
            latencies = _latencies(stack, rate, seconds)
            for percent in (50, 95, 99):
                bound = targets.get(percent)
                rows.append(
                    value_row(
                        f"event to row at {rate:,}/s, P{percent}",
                        [percentile(latencies, percent)],
                        unit="s",
                        target=at_most(bound) if bound else None,
                    )
                )
    return rows


class Schedule:
    """The events of one run, and when each was due. Numbers run through all stores in turn."""

    def __init__(self, rate: float) -> None:
        """Take the rate in events per second."""
        self.rate, self.began = rate, 0.0

    def __iter__(self) -> Iterator[Event]:
        self.began = time.monotonic()
        number = 0
        while True:
            store = STORES[number % len(STORES)]
            sale_id = f"{store}-{number:012}"
            text = "2026-01-05T09:13:22.123Z"
            value = sale_json(sale_id, store, number + 1, "SKU-0001", 1, 3.99, text, "C00001", None)
            yield Event(store.encode(), value, Kind.SALE, sale_id, 0.0)
            number += 1

    def due(self, number: int) -> float:
        """Return when an event was due, on the monotonic clock."""
        return self.began + number / self.rate


class Watcher:
    """Looks which event of each store is visible, until all are."""

    def __init__(self, stack: Stack, table: str, count: int) -> None:
        """Begin to look at once, in a thread of its own."""
        self.looks: dict[str, list[tuple[int, float]]] = {store: [] for store in STORES}
        self._stack, self._table, self._count = stack, table, count
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._stop = threading.Event()
        self._thread.start()

    def wait(self, within: float) -> bool:
        """Return whether every event was seen within the time."""
        self._thread.join(within)
        self._stop.set()
        return not self._thread.is_alive()

    def _run(self) -> None:
        newest = SQL("SELECT max(sale_id) FROM {} WHERE sale_id >= %s AND sale_id < %s").format(
            Identifier(self._table)
        )
        query = SQL(" UNION ALL ").join([newest] * len(STORES))
        bounds = [bound for store in STORES for bound in (f"{store}-", f"{store}.")]
        missing = {store: range(i, self._count, len(STORES))[-1] for i, store in enumerate(STORES)}
        with connection(self._stack, autocommit=True) as session:
            while missing and not self._stop.wait(LOOK_EVERY):
                found = [sale_id for (sale_id,) in session.execute(query, bounds).fetchall()]
                now = time.monotonic()
                for sale_id in filter(None, found):
                    store, _, number = sale_id.partition("-")
                    looks = self.looks[store]
                    if not looks or looks[-1][0] < int(number):
                        looks.append((int(number), now))
                    if missing.get(store) == int(number):
                        del missing[store]

    def seen(self, number: int) -> float:
        """Return when an event was visible first: at the first look that found it or a later one."""
        looks = self.looks[STORES[number % len(STORES)]]
        return looks[bisect_left(looks, (number, 0.0))][1]


def _warm_up(stack: Stack, events: int) -> None:
    """Let the worker handle so many events first: Java compiles what it finds to be hot."""
    create_topic(stack, WARM_UP_TOPIC, partitions=3)
    with (
        fresh_table(stack) as table,
        running_connector(stack, WARM_UP_TOPIC, table),
    ):
        Producer(stack, WARM_UP_TOPIC).send(iter(made_events(events)), rate=0)
        wait_for_rows(stack, table, events)
    delete_topics(stack, WARM_UP_TOPIC)


def _latencies(stack: Stack, rate: float, seconds: float) -> list[float]:
    warm_up = max(int(rate * WARM_UP), len(STORES))
    total = warm_up + max(int(rate * seconds), len(STORES))
    topic = f"bench.latency.{rate}"
    create_topic(stack, topic, partitions=3)
    with fresh_table(stack) as table, running_connector(stack, topic, table):
        schedule, watcher = Schedule(rate), Watcher(stack, table, total)
        Producer(stack, topic).send(islice(schedule, total), rate=rate)
        if not watcher.wait(SEEN_WITHIN):
            raise LabError(f"At {rate:,}/s not all rows came within {SEEN_WITHIN:.0f} s.")
    delete_topics(stack, topic)
    return [watcher.seen(n) - schedule.due(n) for n in range(warm_up, total)]
