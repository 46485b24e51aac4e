"""Does the pipeline work? A few sales are sent, and whoever watches is asked: rows, tasks, targets, alerts."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg

from lablib.connect import Connect, ConnectorStatus
from lablib.errors import DeliveryFailed, LabError
from lablib.pipeline import SINK
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.prometheus import ask
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales

COUNT = 10
# `lab produce` draws its seeds below: no sale of this run has been there before.
FIRST_SEED = 1_000_000
POLL = 0.25


@dataclass(frozen=True)
class Check:
    """One thing that has to be so: what was seen, and what to type where it is not."""

    what: str
    ok: bool
    seen: str
    remedy: str = ""


def smoke(
    stack: Stack, within: float = 30.0, watch: Callable[[str], None] = lambda _: None
) -> Iterator[Check]:
    """Yield the four checks, one by one, each as soon as it holds or the time is over.

    Args:
        stack: which one. It gets ten new sales, and its ledger knows them: `verify` stays exact.
        within: seconds for all checks together; what has just started needs a moment.
        watch: is called with the name of what is looked at.
    """
    deadline = time.monotonic() + within
    prometheus = stack.env["PROMETHEUS_URL"]
    looks: dict[str, Callable[[], Check]] = {
        "rows grow": RowsGrow(stack, within),
        "connectors and tasks run": lambda: connectors_run(_connectors(stack)),
        "all targets are up": lambda: targets_up(ask(prometheus, "targets", state="active")),
        "no alert is firing": lambda: no_alert(ask(prometheus, "alerts")),
    }
    for what, look in looks.items():
        watch(what)
        yield wait_for(what, look, deadline)


def wait_for(what: str, look: Callable[[], Check], deadline: float) -> Check:
    """Look until it is as it should be, or until the deadline; the last look counts."""
    while True:
        try:
            check = look()
        except LabError as error:
            check = Check(
                what, False, _one_line(error.what, error.seen), error.next or "lab status"
            )
        except psycopg.Error as error:
            check = Check(what, False, _one_line(str(error)), "lab status, then lab up")
        if check.ok or time.monotonic() > deadline:
            return check
        time.sleep(POLL)


class RowsGrow:
    """Sends new sales at its first look, and counts which of them are rows at each."""

    def __init__(self, stack: Stack, within: float) -> None:
        """Take the stack, and for how many seconds Kafka may hesitate."""
        self._stack, self._within = stack, within
        source = SyntheticSales(FIRST_SEED + secrets.randbelow(2**31), events_per_day=100_000)
        self._source, self._sent = source, False
        self._ids = [event.sale_id for event in islice(source, COUNT)]

    def __call__(self) -> Check:
        """Look once."""
        if not self._sent:
            patience = {"message.timeout.ms": int(max(self._within, 1) * 1000)}
            try:
                Producer(self._stack, config=patience).send(self._source, count=COUNT, rate=0)
            except DeliveryFailed:
                self._sent = True  # perhaps they are there; whoever sends again makes duplicates
                raise
            self._sent = True
        query = "SELECT count(*) FROM sales_raw WHERE sale_id = ANY(%s)"
        with connection(self._stack) as session:
            row = session.execute(query, (self._ids,)).fetchone()
        assert row is not None
        return rows_grow(row[0], len(self._ids))


def rows_grow(found: int, sent: int) -> Check:
    """Judge how many of the sales that were sent are rows."""
    seen = f"{found} of {sent} new sales are rows"
    return Check("rows grow", found == sent, seen, "lab status, lab logs connect, lab verify")


def connectors_run(statuses: Sequence[ConnectorStatus]) -> Check:
    """Judge the connectors: all run, tasks included, and the sink is among them."""
    what = "connectors and tasks run"
    names = {status.name for status in statuses}
    if SINK not in names:
        return Check(what, False, f"there is no connector {SINK}", "lab up")
    broken = [status for status in statuses if not status.running]
    if not broken:
        return Check(what, True, f"RUNNING: {', '.join(sorted(names))}")
    broke = {status.name for status in broken}
    remedy = "lab up" if SINK in broke else "lab logs connect, then resume it or delete it"
    return Check(what, False, "; ".join(map(str, broken)), remedy)


def targets_up(answer: Mapping[str, Any]) -> Check:
    """Judge Prometheus' list of targets: each of them answers, and there are some."""
    what = "all targets are up"
    targets = answer["activeTargets"]
    jobs = sorted(target["labels"]["job"] for target in targets)
    if not targets:
        return Check(what, False, "Prometheus asks nobody", "lab logs prometheus")
    down = [target for target in targets if target["health"] != "up"]
    if not down:
        return Check(what, True, f"up: {', '.join(jobs)}")
    seen = "; ".join(
        f"{target['labels']['job']} {target['health']}"
        + (f" ({target['lastError']})" if target.get("lastError") else "")
        for target in down
    )
    return Check(what, False, seen, "lab status, then lab up")


def no_alert(answer: Mapping[str, Any]) -> Check:
    """Judge Prometheus' list of alerts; one that is only pending may yet go away."""
    what = "no alert is firing"
    firing = [alert for alert in answer["alerts"] if alert["state"] == "firing"]
    if not firing:
        return Check(what, True, "none")
    seen = "; ".join(sorted(f"{_name(alert)}: {_text(alert)}" for alert in firing))
    pages = sorted({alert["annotations"].get("runbook", "docs/runbook.md") for alert in firing})
    return Check(what, False, seen, f"read {', '.join(pages)}")


def _name(alert: Mapping[str, Any]) -> str:
    return str(alert["labels"]["alertname"])


def _text(alert: Mapping[str, Any]) -> str:
    return str(alert["annotations"].get("summary", alert["labels"]))


def _connectors(stack: Stack) -> list[ConnectorStatus]:
    connect = Connect(stack.env["CONNECT_URL"])
    return [connect.status(name) for name in connect.connectors()]


def _one_line(*texts: str | None) -> str:
    return " ".join(" ".join(filter(None, texts)).split())
