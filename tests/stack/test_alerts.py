"""Every alert fires in a real fault, reaches whoever is told, and resolves when the fault is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lablib.aggregates import remove_aggregates
from lablib.backends.launch import targets_json
from lablib.connect import Connect
from lablib.errors import ConnectError
from lablib.kafka import create_topic, delete_topics
from lablib.pipeline import SINK
from lablib.ports import HOST
from lablib.producer import Producer
from lablib.prometheus import ask
from lablib.services import Service
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import verify
from tests.conftest import on_processes

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1200)]

QUIET = 10.0
# Who listens to a webhook in a container: it prints what it is told, a line each time.
LISTENER = """
from http.server import BaseHTTPRequestHandler, HTTPServer
class Told(BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
HTTPServer(("", 8000), Told).serve_forever()
"""
BROKEN_SINK = {
    "name": "broken-sink",
    "config": {
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": "1",
        "topics": "broken",
        "connection.url": "jdbc:postgresql://${env:POSTGRES_HOST}:${env:POSTGRES_PORT}/${env:POSTGRES_DB}",
        "connection.username": "${env:POSTGRES_USER}",
        "connection.password": "${env:POSTGRES_PASSWORD}",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    },
}


class Prometheus:
    """Asks Prometheus which alerts are firing, and remembers which ever were."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.env["PROMETHEUS_URL"]
        self.seen: set[str] = set()

    def alerts(self, *states: str) -> set[str]:
        """Return ``name/severity`` of the alerts that are in one of these states now."""
        alerts = [a["labels"] for a in ask(self.url, "alerts")["alerts"] if a["state"] in states]
        return {f"{labels['alertname']}/{labels['severity']}" for labels in alerts}

    def firing(self) -> set[str]:
        """Return ``name/severity`` of what is firing now."""
        now = self.alerts("firing")
        self.seen |= now
        return now

    def wait(self, wanted: set[str], within: float) -> None:
        """Return when all of these have been seen firing."""
        deadline = time.monotonic() + within
        while not self.seen >= wanted:
            assert time.monotonic() < deadline, f"never fired: {wanted - self.seen}"
            self.firing()
            time.sleep(0.5)

    def wait_quiet(self, within: float) -> None:
        """Return when nothing fires or is about to, and has not for a while: who has just begun judges late."""
        deadline = time.monotonic() + within
        since = time.monotonic()
        while time.monotonic() < since + QUIET:
            if now := self.alerts("pending", "firing"):
                since = time.monotonic()
            assert time.monotonic() < deadline, f"still pending or firing: {now}"
            time.sleep(0.5)


@contextmanager
def webhook(stack: Stack) -> Iterator[tuple[str, Callable[[], list[dict[str, object]]]]]:
    """Give the URL of a webhook that Alertmanager reaches, and a function that tells what came."""
    if stack.backend.name == "compose":
        name = f"{stack.settings.project}-webhook"
        subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=False)
        words = ["run", "-d", "--name", name, f"--network={stack.settings.project}_observability"]
        words += ["--memory=64m", "--entrypoint=python3", "lab-kit/exporter", "-c", LISTENER]
        subprocess.run(["docker", *words], capture_output=True, check=True)

        def told() -> list[dict[str, object]]:
            logs = subprocess.run(
                ["docker", "logs", name], capture_output=True, text=True, check=True
            )
            return [json.loads(line) for line in logs.stdout.splitlines() if line]

        try:
            yield f"http://{name}:8000/", told
        finally:
            subprocess.run(["docker", "rm", "-f", name], capture_output=True, check=True)
        return
    notices: list[dict[str, object]] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            notices.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Told)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST}:{server.server_port}/", lambda: list(notices)
    finally:
        server.shutdown()
        server.server_close()


def heard(notices: list[dict[str, object]], status: str) -> set[str]:
    """Return ``name/severity`` of the alerts that came with that status."""
    alerts = [alert for notice in notices for alert in notice["alerts"]]  # type: ignore[attr-defined]
    return {
        f"{a['labels']['alertname']}/{a['labels']['severity']}"
        for a in alerts
        if a["status"] == status
    }


@contextmanager
def selling(stack: Stack, rate: float, **faults: float) -> Iterator[Producer]:
    """Let sales flow meanwhile."""
    producer = Producer(stack)
    producer.start(SyntheticSales(seed=int(time.time()), **faults), rate=rate)  # type: ignore[arg-type]
    try:
        yield producer
    finally:
        producer.stop()
        producer.wait(60)


@contextmanager
def paused_sink(stack: Stack) -> Iterator[None]:
    """Let the sink rest meanwhile."""
    connect = Connect(stack.env["CONNECT_URL"])
    connect.pause(SINK)
    try:
        yield
    finally:
        connect.resume(SINK)
        connect.wait_running(SINK)


@contextmanager
def failed_task(stack: Stack) -> Iterator[None]:
    """Let a connector fail meanwhile, and nobody restart it."""
    create_topic(stack, "broken", 1)
    connect = Connect(stack.env["CONNECT_URL"])
    stack.pause("watchdog")
    try:
        with suppress(ConnectError):  # it is too young to have a state
            connect.register(BROKEN_SINK, wait=0)
        Producer(stack, "broken").send(SyntheticSales(seed=1), count=1)
        yield
    finally:
        connect.delete("broken-sink")
        stack.resume("watchdog")
        delete_topics(stack, "broken")


@pytest.fixture
def quiet(empty: Stack) -> Iterator[tuple[Stack, Prometheus]]:
    """Give a stack with metrics, an empty pipeline, and no alert."""
    remove_aggregates(empty)
    empty.up("metrics")
    prometheus = Prometheus(empty)
    prometheus.wait_quiet(400)
    prometheus.seen.clear()
    yield empty, prometheus
    empty.up("metrics")
    empty.stop("metrics")


def test_faults_are_told_and_their_end_is_told(quiet: tuple[Stack, Prometheus]) -> None:
    """One bad night: broken events, a sink that rests, a failed task, a service that is killed."""
    stack, prometheus = quiet
    with webhook(stack) as (url, told):
        Stack(stack.settings.model_copy(update={"alert_webhook": url})).restart("alertmanager")
        with ExitStack() as faults:
            faults.enter_context(selling(stack, 100, invalid=0.3))
            wanted = {"QualityLow/warning", "DeadLettersRising/warning"}
            wanted |= {"DeliveryBudgetBurn/critical", "DeliveryBudgetBurn/warning"}
            prometheus.wait(wanted, 180)
        prometheus.seen.clear()
        with ExitStack() as faults:
            faults.enter_context(selling(stack, 100))
            faults.enter_context(failed_task(stack))
            stack.kill("pushgateway")
            faults.enter_context(paused_sink(stack))
            started = time.monotonic()
            night = {"TaskFailed/critical", "TargetDown/critical", "NoRows/critical"}
            prometheus.wait(night | {"LagHigh/warning"}, 240)
            assert time.monotonic() - started > 60, "a lag of 60 s takes 60 s"
            stack.restart("pushgateway")
        burned = {"LatencyBudgetBurn/critical", "LatencyBudgetBurn/warning"}
        prometheus.wait(burned, 120)
        prometheus.wait_quiet(400)
        everything = wanted | night | burned | {"LagHigh/warning"}
        deadline = time.monotonic() + 120
        while not heard(told(), "resolved") >= everything and time.monotonic() < deadline:
            time.sleep(0.5)
        notices = told()
        assert everything - heard(notices, "firing") == set()
        assert everything - heard(notices, "resolved") == set()
    stack.restart("alertmanager")


@on_processes
def test_a_lag_of_five_minutes_is_critical(quiet: tuple[Stack, Prometheus]) -> None:
    """The threshold is in real seconds, so this takes as long."""
    stack, prometheus = quiet
    Producer(stack).send(SyntheticSales(seed=1), count=100)
    assert verify(stack)  # a group has a lag from its first commit on
    with selling(stack, 20), paused_sink(stack):
        started = time.monotonic()
        prometheus.wait({"LagCritical/critical"}, 480)
        assert time.monotonic() - started > 300
    prometheus.wait_quiet(400)


@on_processes
def test_a_disk_that_fills_up(quiet: tuple[Stack, Prometheus], tmp_path: Path) -> None:
    """A disk of 8 MB is filled to the brim, and emptied."""
    stack, prometheus = quiet
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root")
    service = Service("small-disk", "watches a small disk", 19777, metrics=19777)
    target = stack.settings.data / "prometheus" / "targets" / "small-disk.json"
    address = f"{HOST}:{19777 + stack.settings.port_offset}"
    command = [sys.executable, "-m", "lablib.exporter", "--listen", address, "--disk", str(disk)]
    with subprocess.Popen(command, env=os.environ | stack.env) as exporter:
        try:
            target.write_text(targets_json([service], lambda _: address))
            (disk / "full").write_bytes(b"x" * 7_900_000)
            prometheus.wait({"DiskNearlyFull/warning"}, 120)
            (disk / "full").unlink()
            prometheus.wait_quiet(180)
        finally:
            target.unlink(missing_ok=True)
            exporter.terminate()
            exporter.wait(20)
            subprocess.run(["umount", str(disk)], check=True)
