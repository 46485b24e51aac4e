"""A stack for measuring: own folder, own ports, never a learner's data. Tuned as shipped, or stock."""

from __future__ import annotations

import re
import resource
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path

import psutil
import psycopg
from psycopg.sql import SQL, Composed, Identifier

from lablib.backends.launch import Launcher
from lablib.backends.processes import Processes
from lablib.errors import LabError
from lablib.postgres import connection
from lablib.sale import Event
from lablib.services import CORE, Service
from lablib.settings import Settings, load_settings
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales

# Beyond the tests' ports (5000), so that both can run.
AWAY = 7000
SERVERS: tuple[Service, ...] = tuple(s for s in CORE if s.name != "watchdog")

# "Stock": the options of Apache Kafka's own start scripts (bin/kafka-server-start.sh,
# bin/connect-distributed.sh, bin/kafka-run-class.sh), and no setting that this kit chose for speed,
# size or recovery. What a single machine needs at all (one replica) stays, and so does
# plugin.discovery, whose default would scan every class of every plug-in: with it the comparison of
# starts would be about little else.
STOCK_JVM = """
-server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 -XX:InitiatingHeapOccupancyPercent=35
-XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true -Duser.timezone=UTC
"""
STOCK_HEAP = {"kafka": "-Xms1G -Xmx1G", "connect": "-Xms256M -Xmx2G"}
TUNING = {
    "kafka/server.properties": (
        r"(offsets|transaction\.state|share).*num\.partitions|num\.(network|io|replica|recovery)"
        r"|log\.cleaner|broker\.(session|heartbeat)"
    ),
    "connect/connect.properties": (
        r".*storage\.partitions|scheduled\.rebalance|session\.|heartbeat\."
    ),
    "connect/sales-sink.json": (
        r'\s*"(connection\.restart|flush\.|consumer\.override\.(session|heartbeat))'
    ),
}


class _StockProcesses(Processes):
    """Starts Java without the kit's start caches, and makes none."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.launcher = _StockLauncher(settings, self.artifacts)

    def prepare(self, services: Sequence[Service]) -> None:
        self.launcher.prepare(services)
        for folder in (self._run, self.settings.logs):
            folder.mkdir(parents=True, exist_ok=True)


class _StockLauncher(Launcher):
    def aot_cache(self, component: str) -> Path:
        return self.settings.data / f"no-cache-for-{component}"


@contextmanager
def bench_stack(*, stock: bool = False, services: Sequence[Service] = SERVERS) -> Iterator[Stack]:
    """Give a stack that is down and empty; it is ended and removed at the end, come what may."""
    learner = load_settings()
    home = learner.data / "bench" / ("stock" if stock else "kit")
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(learner.stack_files, home / "stack")
    if stock:
        _make_stock(home / "stack")
    settings = Settings(
        home=home,
        data=home / ".lab",
        cache=learner.cache,
        port_offset=learner.port_offset + AWAY,
        stack="processes",
    )
    backend = _StockProcesses(settings) if stock else Processes(settings)
    stack = Stack(settings, backend, services)
    try:
        yield stack
    finally:
        stack.wipe()
        shutil.rmtree(home, ignore_errors=True)


def _make_stock(stack_files: Path) -> None:
    for component, heap in STOCK_HEAP.items():
        (stack_files / component / "jvm.options").write_text(heap + STOCK_JVM)
    for name, pattern in TUNING.items():
        file = stack_files / name
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not re.match(pattern, line)))


def family(stack: Stack, name: str) -> list[psutil.Process]:
    """Return a service's process and its children."""
    pids = {status.name: status.pid for status in stack.status()}
    process = psutil.Process(int(pids[name]))
    return [process, *process.children(recursive=True)]


def cpu_of(stack: Stack, names: Iterable[str] = ("postgres", "kafka", "connect")) -> float:
    """Return the CPU-seconds that the services have used so far, ended children included."""
    return sum(sum(member.cpu_times()[:4]) for name in names for member in family(stack, name))


def own_cpu() -> float:
    """Return the CPU-seconds of this process and of the ended children that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def memory_of(stack: Stack, names: Iterable[str] = ("postgres", "kafka", "connect")) -> float:
    """Return the MiB that servers hold: proportional set size, or resident where unknown."""
    total = 0
    for name in names:
        for member in family(stack, name):
            seen = member.memory_full_info()
            total += getattr(seen, "pss", seen.rss)
    return total / 2**20


def wait_for_rows(stack: Stack, table: str, count: int, within: float = 120.0) -> float:
    """Return the seconds until a table has so many rows.

    Raises:
        LabError: it has not within the time.
    """
    began = time.monotonic()
    query = SQL("SELECT count(*) FROM {}").format(Identifier(table))
    with connection(stack, autocommit=True) as session:
        while (seen := _one(session, query)) < count:
            if time.monotonic() - began > within:
                raise LabError(f"{table} did not fill within {within:.0f} s.", f"{seen} of {count}")
            # A tenth of the time at most goes into counting.
            time.sleep(0.05 + seen / 1_000_000)
    return time.monotonic() - began


def _one(session: psycopg.Connection, query: Composed) -> int:
    row = session.execute(query).fetchone()
    assert row is not None
    return int(row[0])


@cache
def made_events(count: int) -> list[Event]:
    """Return events that are made before the clock runs: valid sales, each once."""
    return list(islice(SyntheticSales(seed=1), count))


def tell(text: str) -> None:
    """Say what is going on, beside the table."""
    print(text, file=sys.stderr, flush=True)
