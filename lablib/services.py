"""The table of services: the one truth for both backends, the probes, the CLI and the docs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lablib.errors import LabError


@dataclass(frozen=True)
class Service:
    """One server of the stack. ``port`` is the port before the checkout's offset is added.

    One with a ``profile`` starts only when it is asked for, by its name or its profile's (Compose
    calls it so, too). Prometheus reads what the port ``metrics`` gives, which may be ``port``.
    """

    name: str
    title: str
    port: int
    depends_on: tuple[str, ...] = ()
    inner_ports: tuple[int, ...] = ()
    config: str = ""
    ready_within: float = 60.0
    profile: str = ""
    metrics: int = 0

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port that the service binds on 127.0.0.1."""
        return (self.port, *self.inner_ports)

    @property
    def optional(self) -> bool:
        """True if `lab up` alone does not start it."""
        return bool(self.profile)

    @property
    def job(self) -> str:
        """What Prometheus calls it: an exporter stands for the server that it looks at."""
        return self.name.removesuffix("-exporter")


# The usual number of each server plus this, so that a learner's own Postgres is left in peace.
ASIDE = 10_000
SERVICES = (
    Service(
        "postgres",
        "PostgreSQL: the tables that the sales end up in",
        port=15432,
        config="stack/postgres/postgresql.conf",
    ),
    Service(
        "kafka",
        "Apache Kafka: broker and KRaft controller in one process",
        port=19092,
        inner_ports=(19093, 19404),
        metrics=19404,
        config="stack/kafka/server.properties",
    ),
    Service(
        "connect",
        "Kafka Connect: moves events from topics to tables",
        port=18083,
        inner_ports=(19405,),
        metrics=19405,
        depends_on=("kafka",),
        config="stack/connect/connect.properties",
    ),
    Service(
        "ksql",
        "Stream SQL: a ksqlDB-compatible server on Kafka Streams",
        port=18088,
        inner_ports=(19406,),
        metrics=19406,
        depends_on=("kafka",),
        config="stack/ksql-server/ksql-server.properties",
        profile="ksql",
    ),
    Service(
        "watchdog",
        "Restarts what has failed: connector tasks and crashed services",
        port=18084,
        metrics=18084,
        depends_on=("postgres", "kafka", "connect"),
    ),
    Service(
        "exporter",
        "The pipeline in figures: events, rows, latency, lag, connectors",
        port=19095,
        metrics=19095,
        depends_on=("postgres", "kafka", "connect"),
        profile="metrics",
    ),
    Service(
        "postgres-exporter",
        "PostgreSQL's own figures for Prometheus",
        port=19187,
        metrics=19187,
        depends_on=("postgres",),
        profile="metrics",
    ),
    Service(
        "pushgateway",
        "Holds the figures of programs that come and go",
        port=19091,
        metrics=19091,
        profile="metrics",
    ),
    Service(
        "alertmanager",
        "Groups alerts and tells whom it concerns",
        port=19094,
        metrics=19094,
        config="stack/alertmanager/alertmanager.yml",
        profile="metrics",
    ),
    Service(
        "prometheus",
        "Prometheus: reads all figures, keeps them, and judges them by rules",
        port=19090,
        metrics=19090,
        depends_on=("exporter", "postgres-exporter", "pushgateway", "alertmanager"),
        config="stack/prometheus/prometheus.yml",
        profile="metrics",
    ),
)

# What `lab up` starts.
CORE = tuple(s for s in SERVICES if not s.optional)


def inside(service: Service) -> int:
    """Return the port of a service within Compose's network: the usual one."""
    return service.port - ASIDE


def find_service(
    name: str, services: tuple[Service, ...] = SERVICES, also: Iterable[str] = ()
) -> Service:
    """Return the service of that name, or say which names there are, and which ``also`` would do."""
    for service in services:
        if service.name == name:
            return service
    known = ", ".join(dict.fromkeys([*(s.name for s in services), *also]))
    raise LabError(f"There is no service {name!r}.", f"the stack has: {known}", "lab status")


def chosen_services(name: str, services: tuple[Service, ...] = SERVICES) -> list[Service]:
    """Return all services of that profile, or the one service of that name."""
    profiles = [s.profile for s in services if s.profile]
    if name in profiles:
        return [s for s in services if s.profile == name]
    return [find_service(name, services, also=profiles)]


def services_table(services: tuple[Service, ...] = SERVICES) -> str:
    """Return the table as Markdown (``stack/README.md`` holds it between two markers)."""
    rows = ["| service | what it does | port on 127.0.0.1 | starts with | after | configured by |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    for s in services:
        ports = ", ".join(str(p) for p in s.ports)
        config = f"`{s.config}`" if s.config else "-"
        command = f"`lab up {s.profile}`" if s.optional else "`lab up`"
        after = ", ".join(s.depends_on) or "-"
        rows.append(f"| {s.name} | {s.title} | {ports} | {command} | {after} | {config} |")
    return "\n".join(rows) + "\n"
