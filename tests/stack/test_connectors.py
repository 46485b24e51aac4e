"""Connect's REST client and the watchdog against a real worker."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lablib.connect import Connect
from lablib.errors import ConnectError, LabError
from lablib.kafka import create_topic, delete_topics
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from tests.stack.test_services import eventually

pytestmark = pytest.mark.stack


@pytest.fixture
def connect(stack: Stack) -> Connect:
    return Connect(stack.env["CONNECT_URL"])


@pytest.fixture
def definition(stack: Stack, connect: Connect) -> Iterator[dict[str, Any]]:
    """Give the shipped sink under another name, with a topic and a table of its own."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    shipped = json.loads((stack.settings.stack_files / "connect" / "sales-sink.json").read_text())
    shipped["name"] = name
    shipped["config"] |= {"topics": name, "collection.name.format": name.replace("-", "_")}
    create_topic(stack, name, 1)
    with connection(stack) as session:
        session.execute(f'CREATE TABLE "{name.replace("-", "_")}" (LIKE sales_raw INCLUDING ALL)')
    yield shipped
    connect.delete(name)
    delete_topics(stack, name)
    with connection(stack) as session:
        session.execute(f'DROP TABLE IF EXISTS "{name.replace("-", "_")}"')


def test_registering_twice_changes_nothing(connect: Connect, definition: dict[str, Any]) -> None:
    """The second registration finds the same connector running."""
    first = connect.register(definition)
    assert first.running
    assert connect.register(definition) == first
    assert connect.connectors().count(definition["name"]) == 1


def test_a_wrong_configuration_is_refused_with_the_reason(
    stack: Stack, connect: Connect, definition: dict[str, Any]
) -> None:
    """Connect's own words arrive for an unknown class; where it is silent, its log is pointed at."""
    unknown = definition | {"config": {**definition["config"], "connector.class": "no.such.Sink"}}
    with pytest.raises(ConnectError, match=r"no\.such\.Sink"):
        connect.register(unknown)
    bad = definition | {"config": {**definition["config"], "insert.mode": "sometimes"}}
    with pytest.raises(ConnectError, match="FAILED") as caught:
        connect.register(bad)
    assert "lab logs connect" in str(caught.value)
    assert any("insert.mode" in line for line in stack.logs("connect", 300))


def test_what_is_no_definition_is_told(connect: Connect, tmp_path: Path) -> None:
    """Broken JSON, a missing part and a missing file each get an answer of their own."""
    broken = tmp_path / "sink.json"
    broken.write_text('{"name": "x",\n "config": {,}}')
    with pytest.raises(ConnectError, match=r"line 2, column 13"):
        connect.register(broken)
    with pytest.raises(ConnectError, match="'config'"):
        connect.register({"name": "x"})
    with pytest.raises(LabError, match=r"no file .*nowhere\.json"):
        connect.register(tmp_path / "nowhere.json")


def test_a_task_that_fails_shows_its_cause(
    stack: Stack, connect: Connect, definition: dict[str, Any]
) -> None:
    """A table that does not exist: the innermost cause is shown, not the outermost."""
    definition["config"]["collection.name.format"] = "no_such_table"
    stack.stop("watchdog")  # it would restart the task each second, and hide what is shown here
    try:
        connect.register(definition)
        Producer(stack, definition["name"]).send(SyntheticSales(seed=3), count=1, rate=0)
        eventually(lambda: connect.status(definition["name"]).failed, "it fails")
        with pytest.raises(ConnectError, match="no_such_table"):
            connect.wait_running(definition["name"], 5)
    finally:
        stack.restart("watchdog")


def test_only_the_watchdog_heals_a_failed_task(
    stack: Stack, connect: Connect, definition: dict[str, Any]
) -> None:
    """Without the watchdog a failed task stays so; with it the task runs again by itself."""
    table = definition["name"].replace("-", "_")
    stack.stop("watchdog")
    connect.register(definition)
    with connection(stack) as session:
        session.execute(f'ALTER TABLE "{table}" RENAME TO "{table}_away"')
    Producer(stack, definition["name"]).send(SyntheticSales(seed=3), count=50, rate=0)
    eventually(lambda: bool(connect.status(definition["name"]).failed_tasks), "the task fails")
    assert table in connect.status(definition["name"]).failed_tasks[0].why
    with connection(stack) as session:
        session.execute(f'ALTER TABLE "{table}_away" RENAME TO "{table}"')
    assert connect.status(definition["name"]).failed_tasks, "nobody else may have restarted it"
    stack.restart("watchdog")
    eventually(lambda: connect.status(definition["name"]).running, "the watchdog restarted it")

    def rows() -> int:
        with connection(stack) as session:
            return int(session.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # type: ignore[index]

    eventually(lambda: rows() == 50, "all 50 rows arrive")
    assert any(definition["name"] in line for line in stack.logs("watchdog", 50))


def test_a_worker_that_is_away_is_named(stack: Stack) -> None:
    """A client on a dead port says where it looked and what to try."""
    with pytest.raises(ConnectError, match=r"does not answer on http://127\.0\.0\.1:9") as caught:
        Connect("http://127.0.0.1:9").connectors()
    assert "lab up" in str(caught.value)
