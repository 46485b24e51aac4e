"""The pipeline in figures: ``python -m lablib.exporter`` runs beside the stack and serves them to Prometheus.

What Kafka, Connect and Postgres tell of themselves is not what one wants to know of a pipeline: how
good its events are, how long they take to become rows, and how far who lags behind. Once a second
the exporter looks, at each source in a thread of its own, so that one which hangs holds up no other.

A gauge that lies is worse than none. While a source is away, what is a state of it (lag, offsets,
states of connectors) vanishes after some seconds; what the exporter has counted itself stands still.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import psycopg
from confluent_kafka import KafkaException
from prometheus_client import REGISTRY, Counter, Gauge, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from lablib.arrivals import Arrivals
from lablib.connect import Connect
from lablib.errors import LabError
from lablib.lag import Lag
from lablib.latency import Rows

PERIOD = 1.0
FADED_AFTER = 10.0
STATES = ("RUNNING", "PAUSED", "FAILED", "UNASSIGNED", "STOPPED", "RESTARTING")

log = logging.getLogger("exporter")
errors = Counter("exporter_look_errors", "Looks that failed", ["source"])
looked = Gauge("exporter_last_look_timestamp_seconds", "The last look that succeeded", ["source"])


class Source(Protocol):
    """Something to look at. ``fades``: its series vanish when no look succeeds for a while."""

    name: str
    fades: bool

    def look(self) -> None:
        """Find out what is new. Whatever is raised is counted and told once."""

    def collect(self) -> Iterator[Metric]:
        """Return the series; is called by any thread."""


class Connectors:
    """The states of connectors and their tasks.

    They are what the worker says, and without Kafka it goes on saying what it knew before.
    """

    name = "connect"
    fades = True

    def __init__(self, url: str) -> None:
        """Take the worker's address."""
        self._connect = Connect(url)
        self._metrics: list[Metric] = []

    def look(self) -> None:
        """Ask for the status of every connector."""
        connectors = GaugeMetricFamily(
            "connect_connector_state",
            "1 for the state that a connector is in",
            labels=["connector", "state"],
        )
        tasks = GaugeMetricFamily(
            "connect_task_state",
            "1 for the state that a task is in",
            labels=["connector", "task", "state"],
        )
        for name in self._connect.connectors():
            status = self._connect.status(name)
            for state in STATES:
                connectors.add_metric([name, state], status.state == state)
                for task in status.tasks:
                    tasks.add_metric([name, str(task.id), state], task.state == state)
        self._metrics = [connectors, tasks]

    def collect(self) -> Iterator[Metric]:
        """Return what the last look found."""
        return iter(self._metrics)


class Exporter(Collector):
    """All series of all sources, and of the disk, at the moment of a scrape."""

    def __init__(self, sources: Sequence[Source], disk: Path) -> None:
        """Take what to look at, and a path on the disk that the stack's data lie on."""
        self._sources, self._disk = sources, disk
        self._looked = {source.name: -math.inf for source in sources}
        self._complaints: dict[str, str] = {}

    def start(self) -> None:
        """Look at every source once a second from now on."""
        for source in self._sources:
            errors.labels(source.name)
            threading.Thread(
                target=self._keep_looking, args=[source], name=source.name, daemon=True
            ).start()

    def look_at(self, source: Source) -> None:
        """Look once. A failure is counted, and told unless it is the one that was told before."""
        try:
            source.look()
        except Exception as error:  # nobody watches this thread: it must outlive whatever it meets
            errors.labels(source.name).inc()
            complaint = (str(error) or type(error).__name__).replace("\n", " ")
            if complaint != self._complaints.get(source.name):
                self._complaints[source.name] = complaint
                expected = isinstance(error, LabError | KafkaException | psycopg.Error | OSError)
                log.warning("%s: %s", source.name, complaint, exc_info=not expected)
        else:
            if self._complaints.pop(source.name, ""):
                log.info("%s: it can be looked at again", source.name)
            self._looked[source.name] = time.monotonic()
            looked.labels(source.name).set_to_current_time()

    def collect(self) -> Iterator[Metric]:
        """Yield the series of each source, but none that has faded."""
        for source in self._sources:
            age = time.monotonic() - self._looked[source.name]
            if age < FADED_AFTER or not source.fades:
                yield from source.collect()
        yield from self._disk_space()

    def _disk_space(self) -> Iterator[Metric]:
        try:
            usage = shutil.disk_usage(self._disk)
        except OSError:
            return
        for name, what, value in (
            ("disk_free_bytes", "What the stack's data may still grow by", usage.free),
            ("disk_size_bytes", "The size of the disk that the stack's data lie on", usage.total),
        ):
            family = GaugeMetricFamily(name, what, labels=["path"])
            family.add_metric([str(self._disk)], value)
            yield family

    def _keep_looking(self, source: Source) -> None:
        while True:
            begin = time.monotonic()
            self.look_at(source)
            time.sleep(max(0.0, begin + PERIOD - time.monotonic()))


def conninfo(env: Mapping[str, str]) -> str:
    """Return how to reach Postgres, from the names that ``lab env`` prints or a container has."""
    if dsn := env.get("POSTGRES_DSN"):
        return dsn
    password = env.get("POSTGRES_PASSWORD")
    if password is None:
        password = Path(env["POSTGRES_PASSWORD_FILE"]).read_text().strip()
    return psycopg.conninfo.make_conninfo(
        host=env["POSTGRES_HOST"],
        port=env["POSTGRES_PORT"],
        user=env["POSTGRES_USER"],
        dbname=env["POSTGRES_DB"],
        password=password,
    )


def main() -> None:
    """Read the command line and the environment, look, and serve."""
    parser = argparse.ArgumentParser(prog="lablib.exporter", description=__doc__)
    parser.add_argument("--listen", required=True, metavar="HOST:PORT", help="where metrics are")
    parser.add_argument("--disk", required=True, type=Path, help="where the stack's data lie")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # As the first process of a container it would otherwise be deaf to this signal.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    kafka = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    arrivals = Arrivals(kafka)
    sources = (
        arrivals,
        Lag(kafka, arrivals.refused),
        Connectors(os.environ["CONNECT_URL"]),
        Rows(conninfo(os.environ)),
    )
    exporter = Exporter(sources, options.disk)
    REGISTRY.register(exporter)
    exporter.start()
    host, port = options.listen.rsplit(":", 1)
    start_http_server(int(port), host)
    log.info("looking; metrics on http://%s/metrics", options.listen)
    threading.Event().wait()


if __name__ == "__main__":
    main()
