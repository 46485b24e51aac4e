"""`lab smoke`: what is well, what is not, and what to do about it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lablib import smoke
from lablib.connect import ConnectorStatus, Task
from lablib.errors import LabError
from lablib.prometheus import ask
from lablib.smoke import Check, connectors_run, no_alert, rows_grow, targets_up, wait_for


def connector(name: str, state: str = "RUNNING", *tasks: str) -> ConnectorStatus:
    found = (Task(n, task, "no such table") for n, task in enumerate(tasks or (state,)))
    return ConnectorStatus(name, state, tuple(found))


def target(job: str, health: str = "up", error: str = "") -> dict[str, object]:
    return {"labels": {"job": job}, "health": health, "lastError": error}


def alert(name: str, state: str = "firing") -> dict[str, object]:
    texts = {"summary": f"{name} it is", "runbook": f"docs/runbook.md#{name.lower()}"}
    return {"labels": {"alertname": name}, "state": state, "annotations": texts}


def test_all_is_well() -> None:
    """Nothing to do, and what was seen is told."""
    assert rows_grow(10, 10).ok
    assert connectors_run([connector("sales-sink"), connector("top-skus-sink")]).ok
    assert targets_up({"activeTargets": [target("kafka"), target("connect")]}).ok
    assert no_alert({"alerts": [alert("LagHigh", "pending")]}).ok


@pytest.mark.parametrize(
    ("check", "seen", "remedy"),
    [
        (rows_grow(9, 10), "9 of 10", "lab logs connect"),
        (connectors_run([]), "no connector sales-sink", "lab up"),
        (connectors_run([connector("mine")]), "no connector sales-sink", "lab up"),
        (connectors_run([connector("sales-sink", "PAUSED")]), "PAUSED", "lab up"),
        (connectors_run([connector("sales-sink", "RUNNING", "FAILED")]), "no such table", "lab up"),
        (
            connectors_run([connector("sales-sink"), connector("mine", "STOPPED")]),
            "mine STOPPED",
            "delete it",
        ),
        (targets_up({"activeTargets": []}), "nobody", "lab logs prometheus"),
        (
            targets_up({"activeTargets": [target("kafka"), target("ksql", "down", "refused")]}),
            "ksql down (refused)",
            "lab status",
        ),
        (targets_up({"activeTargets": [target("kafka", "unknown")]}), "kafka unknown", "lab up"),
        (
            no_alert({"alerts": [alert("NoRows"), alert("LagHigh", "pending")]}),
            "NoRows: NoRows it is",
            "docs/runbook.md#norows",
        ),
    ],
)
def test_what_is_not_well_is_named_with_a_remedy(check: Check, seen: str, remedy: str) -> None:
    """The state that was seen, and the next command."""
    assert not check.ok
    assert seen in check.seen
    assert remedy in check.remedy


def test_what_has_just_started_gets_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check is repeated until it holds, also after an error."""
    monkeypatch.setattr(smoke, "POLL", 0.0)
    answers: list[LabError | Check] = [
        LabError("Nobody is there."),
        Check("x", False, "not yet"),
        Check("x", True, "now"),
    ]

    def look() -> Check:
        answer = answers.pop(0)
        if isinstance(answer, LabError):
            raise answer
        return answer

    assert wait_for("x", look, time.monotonic() + 60).seen == "now"


def test_the_last_look_counts() -> None:
    """After the deadline an error is a check that failed, with the error's own remedy."""

    def look() -> Check:
        raise LabError("Connect is away.", "refused\nby all", "lab up")

    check = wait_for("connectors", look, time.monotonic() - 1)
    assert check == Check("connectors", False, "Connect is away. refused by all", "lab up")


@pytest.fixture
def prometheus() -> Iterator[str]:
    """Serve an API that knows one alert, and answers anything else with an error."""

    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/api/v1/alerts"
            body = json.dumps({"status": "success", "data": {"alerts": [alert("NoRows")]}})
            self.send_response(200 if known else 503)
            self.end_headers()
            self.wfile.write(body.encode() if known else b"starting up")

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_prometheus_is_asked(prometheus: str) -> None:
    """Its answer is taken as it is; without it the way to start it is told."""
    assert not no_alert(ask(prometheus, "alerts")).ok
    for url in (prometheus, "http://127.0.0.1:9"):
        with pytest.raises(LabError, match="Prometheus does not answer") as caught:
            ask(url, "targets", state="active")
        assert caught.value.next == "lab up metrics"
