"""Prometheus and what it asks, on both backends: targets, series under load, memory of what was."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from lablib.aggregates import install_aggregates
from lablib.dashboards import Dashboard, expressions
from lablib.producer import Producer
from lablib.prometheus import ask
from lablib.services import SERVICES
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import verify
from tests.stack.test_alerts import Prometheus
from tests.stack.test_services import eventually, lab

pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


@pytest.fixture
def metrics(empty: Stack) -> Iterator[Stack]:
    """Give an empty pipeline that Prometheus watches."""
    empty.up("metrics")
    yield empty
    empty.up("metrics")
    empty.stop("metrics")


def series(stack: Stack, query: str) -> list[dict[str, Any]]:
    """Return what Prometheus answers to an instant query."""
    found: list[dict[str, Any]] = ask(stack.env["PROMETHEUS_URL"], "query", query=query)["result"]
    return found


def value(stack: Stack, query: str) -> float | None:
    """Return the one value that a query has, None if it has none."""
    found = series(stack, query)
    assert len(found) <= 1, (query, found)
    return float(found[0]["value"][1]) if found else None


def test_every_service_is_a_target_that_answers(metrics: Stack) -> None:
    """Those that are optional only while they take part."""
    expected = {s.job for s in SERVICES if s.profile != "ksql" and s.metrics}
    eventually(
        lambda: {a["metric"]["job"] for a in series(metrics, "up == 1")} >= expected,
        f"{sorted(expected)} are up",
    )
    metrics.up("ksql")
    eventually(lambda: value(metrics, 'up{job="ksql"}') == 1, "ksql joined")
    metrics.stop("ksql")
    eventually(lambda: value(metrics, 'up{job="ksql"}') is None, "ksql left")


def test_series_equal_the_ledger(metrics: Stack) -> None:
    """What Prometheus has counted is what was sent, and what became rows."""
    eventually(lambda: value(metrics, 'up{job="exporter"}') == 1, "the exporter is asked")
    source = SyntheticSales(seed=77, duplicates=0.05, invalid=0.05)
    before = value(metrics, "sum(sales_events_total)") or 0.0
    Producer(metrics).send(source, count=5000, rate=1000)
    assert verify(metrics)
    eventually(
        lambda: (value(metrics, "sum(sales_events_total)") or 0) - before == 5000,
        "each event is counted once",
    )


def test_every_expression_of_every_dashboard_has_series(metrics: Stack) -> None:
    """Under load, and with stream SQL: a panel without data is a panel with a wrong name in it."""
    metrics.up("ksql")
    install_aggregates(metrics)
    producer = Producer(metrics)
    producer.start(SyntheticSales(seed=3, duplicates=0.02, late=0.02, invalid=0.02), rate=200)
    try:
        time.sleep(20)  # ranges of 15 s shall be filled
        empty_ones = {
            (name, expression)
            for name in ("sales", "servers")
            for expression in expressions(Dashboard.load(name, metrics.settings))
            if "ALERTS" not in expression and not series(metrics, expression)
        }
    finally:
        producer.stop()
        producer.wait(60)
        metrics.stop("ksql")
    assert empty_ones == set()


def test_what_was_seen_survives_restarts(metrics: Stack) -> None:
    """Series of Prometheus, and a silence of Alertmanager, after a kill of both."""
    eventually(lambda: value(metrics, 'up{job="kafka"}') == 1, "the broker is asked")
    seen = time.time()
    silence = {
        "matchers": [
            {"name": "alertname", "value": "TargetDown", "isRegex": False, "isEqual": True}
        ],
        "startsAt": datetime.now(UTC).isoformat(),
        "endsAt": (datetime.now(UTC) + timedelta(minutes=5)).isoformat(),
        "createdBy": "the night shift",
        "comment": "known",
    }
    silences = f"{metrics.env['ALERTMANAGER_URL']}/api/v2/silences"
    made = httpx.post(silences, json=silence, timeout=10, trust_env=False).json()["silenceID"]
    metrics.stop("alertmanager")
    metrics.kill("prometheus")
    metrics.up("metrics")
    assert value(metrics, f'up{{job="kafka"}} @ {seen:.3f}') == 1
    left = httpx.get(silences, timeout=10, trust_env=False).json()
    assert [s["id"] for s in left if s["status"]["state"] == "active"] == [made]
    httpx.delete(f"{silences.removesuffix('s')}/{made}", timeout=10, trust_env=False)


def test_lab_smoke(metrics: Stack) -> None:
    """All is well; then a paused exporter is found, and named."""
    Prometheus(metrics).wait_quiet(400)  # what other tests spent is forgotten by then
    done = lab("smoke", "--within", "60")
    assert done.returncode == 0, done.stdout + done.stderr
    metrics.pause("pushgateway")
    eventually(lambda: value(metrics, 'up{job="pushgateway"}') == 0, "it is seen")
    done = lab("smoke", "--within", "3")
    metrics.resume("pushgateway")
    assert done.returncode == 1
    assert "pushgateway" in done.stdout
