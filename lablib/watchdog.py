"""Keeps the pipeline whole without a human: ``python -m lablib.watchdog`` runs beside the stack.

A connector task that has failed stays so for good, and after a database outage no setting of
Connect brings it back reliably. Once a second the watchdog looks, restarts what has failed, and
says so: as a line in its log and as a metric. Tasks that keep failing are tried less and less often,
so that an error which no restart can cure does not become a storm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import urlparse

from prometheus_client import Counter, Gauge, start_http_server

from lablib.connect import Connect
from lablib.errors import LabError
from lablib.stack import Stack

PERIOD = 1.0
# A database needs half a minute to come back, and the task should run a second later. What has not
# healed by then gets rarer tries.
QUICK_TRIES = 30
LONGEST_PAUSE = 60.0
HEALTHY_AFTER = 30.0

log = logging.getLogger("watchdog")
restarts = Counter("lab_watchdog_restarts", "What the watchdog restarted", ["what", "name"])
failed = Gauge("lab_watchdog_failed_tasks", "Failed tasks at the last look", ["connector"])
looks = Counter("lab_watchdog_looks", "How often the watchdog looked")


class Patience:
    """How long to wait before the next try: at first none, then longer each time, forgotten in time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the clock (seconds) from outside, so that a test needs no waiting."""
        self._clock = clock
        self._tries: dict[str, tuple[int, float]] = {}

    def may_try(self, name: str) -> bool:
        """Return whether it is time for another try, and count it if so."""
        tries, last = self._tries.get(name, (0, -LONGEST_PAUSE * 2))
        since = self._clock() - last
        if since > LONGEST_PAUSE + HEALTHY_AFTER:
            tries = 0
        if since < min(2.0 ** min(tries - QUICK_TRIES, 10), LONGEST_PAUSE):
            return False
        self._tries[name] = (tries + 1, self._clock())
        return True


def look_after_connectors(connect: Connect, patience: Patience) -> None:
    """Restart the failed tasks of every connector."""
    for name in connect.connectors():
        status = connect.status(name)
        failed.labels(name).set(len(status.failed_tasks))
        if status.failed and patience.may_try(name):
            log.warning("restarting what failed of %s", status)
            connect.restart_failed(name)
            restarts.labels("connector", name).inc()


def look_after_services(stack: Stack, patience: Patience) -> None:
    """Start services again that crashed. One that somebody killed or stopped on purpose stays down."""
    for name in stack.crashed():
        if not patience.may_try(name) or not stack.revive(name):
            continue
        log.warning("started %s again: it had ended without being asked to", name)
        restarts.labels("service", name).inc()


def watch(stack: Stack) -> None:
    """Look once a second, until the process is ended."""
    address = urlparse(stack.env["WATCHDOG_URL"])
    start_http_server(address.port or 0, address.hostname or "127.0.0.1")
    log.info("watching connectors and services; metrics on %s/metrics", stack.env["WATCHDOG_URL"])
    connect, patience = Connect(stack.env["CONNECT_URL"]), Patience()
    complaint = ""
    while True:
        try:
            look_after_services(stack, patience)
            look_after_connectors(connect, patience)
            complaint = ""
        except LabError as error:
            if str(error) != complaint:
                complaint = str(error)
                log.info("%s", complaint.replace("\n", " "))
        except Exception:  # nobody watches the watchdog: it must outlive whatever it meets
            log.exception("this look failed; going on")
        looks.inc()
        time.sleep(PERIOD)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    watch(Stack())
