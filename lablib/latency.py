"""From event to row: how long each new row of the table took, counted once, as a histogram.

A row is stamped (``loaded_at``) before its transaction ends, so a row may become visible long after
younger ones. Each look therefore counts up to a safe horizon only: the begin of the oldest
transaction that holds the lock which writing to the table needs. A row older than that is visible,
or it never will be. A writer's transaction that is left open holds the count back until it ends.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

import psycopg
from prometheus_client import Metric
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
SINCES = ("sent", "event")

# now() is when this statement began: whoever takes the lock later stamps his rows later, too.
HORIZON = """
SELECT least(now(), min(xact_start)) FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE relation = to_regclass('sales_raw') AND mode = 'RowExclusiveLock'
"""
# A bucket's border belongs to it, and width_bucket counts lower borders. Hence all the signs.
COUNT = """
SELECT since, width_bucket(-seconds, %s::float8[]), count(*), sum(seconds)
FROM sales_raw,
     LATERAL (VALUES ('sent', loaded_at - sent_at), ('event', loaded_at - event_time)) AS w (since, waited),
     LATERAL (SELECT greatest(date_part('epoch', waited), 0)) AS s (seconds)
WHERE loaded_at >= %s AND loaded_at < %s AND waited IS NOT NULL
GROUP BY since, 2
"""
RESUME = """
INSERT INTO exporter_position (counted_until) VALUES (%s)
ON CONFLICT (only_row) DO UPDATE SET only_row = true RETURNING counted_until
"""
SAVE = "UPDATE exporter_position SET counted_until = %s"


class Histogram:
    """Counts in buckets, to which whole groups are added at once."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._counts = Counter[int]()
        self._sum = 0.0

    def add(self, borders_above: int, count: int, total: float) -> None:
        """Add values that sum up to ``total`` and lie within so many of the buckets' borders."""
        self._counts[len(BUCKETS) - borders_above] += count
        self._sum += total

    def add_to(self, family: HistogramMetricFamily, label: str) -> None:
        """Write the series of one label value: each bucket counts what the smaller ones hold, too."""
        borders = [*map(floatToGoString, BUCKETS), "+Inf"]
        counts = accumulate(self._counts[i] for i in range(len(borders)))
        family.add_metric([label], list(zip(borders, counts, strict=True)), self._sum)


class Rows:
    """Looks at what came into ``sales_raw`` since the last look, from its very first look on.

    A scrape's figures and the horizon that belongs to them are taken together, and that horizon is
    kept in the database at the next look. So after a kill what no scrape has shown is counted by
    the next run, and at most one look's rows are counted twice: at least once.

    While Postgres is away the counters stand still.
    """

    name = "postgres"
    fades = False

    def __init__(self, conninfo: str) -> None:
        """Take how to connect; nothing is connected yet."""
        self._conninfo = conninfo
        self._session: psycopg.Connection | None = None
        self._until: datetime | None = None
        self._shown: datetime | None = None
        self._saved: datetime | None = None
        self._lock = threading.Lock()
        self._histograms = {since: Histogram() for since in SINCES}

    def look(self) -> None:
        """Count the rows between the last horizon and the present one."""
        session = self._connected()
        with self._lock:
            shown = self._shown
        if shown != self._saved:
            session.execute(SAVE, (shown,))
            self._saved = shown
        (horizon,) = self._one(session, HORIZON)
        if self._until is None:
            (self._until,) = self._one(session, RESUME, horizon)
        if not self._until or horizon <= self._until:
            return
        borders = [-border for border in reversed(BUCKETS)]
        try:
            rows = session.execute(COUNT, (borders, self._until, horizon)).fetchall()
        except psycopg.errors.UndefinedTable:
            return  # dropped, and perhaps being made anew: its first rows are younger than this
        with self._lock:
            for since, borders_above, count, total in rows:
                self._histograms[since].add(borders_above, count, total)
            self._until = horizon

    def collect(self) -> Iterator[Metric]:
        """Return the histogram."""
        family = HistogramMetricFamily(
            "sales_event_to_row_seconds",
            "How long new rows took, since they were sent and since the event happened",
            labels=["since"],
        )
        with self._lock:
            self._shown = self._until
            for since, histogram in self._histograms.items():
                histogram.add_to(family, since)
        yield family

    def _connected(self) -> psycopg.Connection:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(
                self._conninfo,
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=5,
                keepalives_idle=10,
                application_name="exporter",
                # Its own place may be lost in a crash: then some rows are counted twice.
                options="-c lock_timeout=2s -c synchronous_commit=off",
            )
        return self._session

    @staticmethod
    def _one(session: psycopg.Connection, query: str, *arguments: object) -> tuple[datetime, ...]:
        row = session.execute(query.encode(), arguments).fetchone()
        assert row is not None
        return tuple(row)
