"""Keeps the pipeline whole without a human: ``python -m lablib.watchdog`` runs beside the stack.

With ``--services`` it also starts servers again that have crashed; where they are containers, Docker's
restart policy does that, and the watchdog looks after connectors alone.

A connector task that has failed stays so for good, and after a database outage no setting of
Connect brings it back reliably. Once a second the watchdog looks, restarts what has failed, and
says so: as a line in its log and as a metric. Tasks that keep failing are tried less and less often,
so that an error which no restart can cure does not become a storm.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge, start_http_server

from lablib.connect import Connect
from lablib.errors import LabError

if TYPE_CHECKING:
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


def watch(looks_after: list[Callable[[Patience], None]]) -> None:
    """Look once a second, until the process is ended."""
    patience, complaint = Patience(), ""
    while True:
        try:
            for look_after in looks_after:
                look_after(patience)
            complaint = ""
        except LabError as error:
            if str(error) != complaint:
                complaint = str(error)
                log.info("%s", complaint.replace("\n", " "))
        except Exception:  # nobody watches the watchdog: it must outlive whatever it meets
            log.exception("this look failed; going on")
        looks.inc()
        time.sleep(PERIOD)


def main() -> None:
    """Read the command line, serve metrics, and watch."""
    parser = argparse.ArgumentParser(prog="lablib.watchdog", description=__doc__)
    parser.add_argument("--connect", required=True, metavar="URL", help="the Connect worker")
    parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="where metrics are")
    parser.add_argument("--services", action="store_true", help="revive crashed servers, too")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # As the first process of a container it would otherwise be deaf to this signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    looks_after: list[Callable[[Patience], None]] = []
    if options.services:
        from lablib.stack import Stack

        looks_after.append(partial(look_after_services, Stack()))
    looks_after.append(partial(look_after_connectors, Connect(options.connect)))
    host, port = options.listen.rsplit(":", 1)
    start_http_server(int(port), host)
    log.info("watching; metrics on http://%s/metrics", options.listen)
    watch(looks_after)


if __name__ == "__main__":
    main()
