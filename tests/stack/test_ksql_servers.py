"""Two servers with one service id: they share statements, partitions and pull queries."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import confluent_kafka as ck
import httpx
import pytest

from lablib.aggregates import ksql_of, remove_aggregates
from lablib.backends.processes import Processes
from lablib.errors import KsqlError
from lablib.ksql import Ksql
from lablib.ports import HOST
from lablib.stack import Stack
from tests.conftest import on_processes
from tests.stack.test_services import eventually

pytestmark = [pytest.mark.stack, on_processes, pytest.mark.timeout(300)]

KEYS = 200
ROUNDS = 5


@pytest.fixture
def ksql(stack: Stack) -> Iterator[Ksql]:
    """Give a client for the stack's own server; afterwards it has no statements."""
    stack.up("ksql")
    remove_aggregates(stack)
    yield ksql_of(stack)
    remove_aggregates(stack)


@pytest.fixture
def second(stack: Stack, ksql: Ksql, tmp_path: Path) -> Iterator[tuple[Ksql, int]]:
    """Give a second server of the same service, and its pid."""
    assert isinstance(stack.backend, Processes)
    assert ksql.info()
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        port, metrics = one.getsockname()[1], other.getsockname()[1]
    state = tmp_path / "state"
    bootstrap = stack.env["KAFKA_BOOTSTRAP_SERVERS"]
    launch = stack.backend.launcher.ksql(bootstrap, (port, metrics), state)
    launch.before()
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            launch.command,
            env=os.environ | launch.environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    url = f"http://{HOST}:{port}"
    try:
        eventually(lambda: _healthy(url), "the second server is healthy")
        yield Ksql(url), process.pid
    finally:
        process.kill()
        process.wait()


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthcheck", timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_they_share_the_work_and_one_goes_on_alone(
    stack: Stack, ksql: Ksql, second: tuple[Ksql, int]
) -> None:
    """Either answers for all keys, wherever they lie; after a kill -9 the other one has them all."""
    other, pid = second
    topic = f"shared-{uuid.uuid4().hex[:8]}"
    ksql.run(
        f"CREATE STREAM shared (id STRING KEY, v INT) WITH (KAFKA_TOPIC='{topic}', VALUE_FORMAT='JSON', PARTITIONS=4);"
        "SET 'processing.guarantee' = 'exactly_once_v2';"
        "CREATE TABLE totals AS SELECT id, COUNT(*) AS n, SUM(v) AS v FROM shared GROUP BY id EMIT CHANGES;"
    )
    eventually(lambda: "TOTALS" in other.names("TABLES"), "the other server has the table")
    _send(stack, topic)
    expected = {f"k{key:03}": (ROUNDS, key * ROUNDS) for key in range(KEYS)}
    eventually(lambda: _totals(ksql) == _totals(other) == expected, "either has all totals")
    assert len(_servers(ksql)) == 2, "both take part"
    one = other.pull("SELECT v FROM totals WHERE id = 'k007';")
    assert list(one["V"]) == [7 * ROUNDS]

    os.kill(pid, signal.SIGKILL)
    _send(stack, topic)
    doubled = {key: (2 * n, 2 * v) for key, (n, v) in expected.items()}
    eventually(lambda: _totals(ksql) == doubled, "the one that is left has all totals")


def _totals(server: Ksql) -> dict[str, tuple[int, int]]:
    try:
        rows = server.pull("SELECT id, n, v FROM totals;")
    except KsqlError:  # while partitions move
        return {}
    return {key: (int(n), int(v)) for key, n, v in rows.to_numpy().tolist()}


def _servers(server: Ksql) -> list[str]:
    answer = httpx.get(f"{server.url}/clusterStatus", timeout=10, trust_env=False).json()
    return list(answer["clusterStatus"])


def _send(stack: Stack, topic: str) -> None:
    producer = ck.Producer({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]})
    for _ in range(ROUNDS):
        for key in range(KEYS):
            producer.produce(topic, f'{{"V": {key}}}', f"k{key:03}")
    producer.flush()
