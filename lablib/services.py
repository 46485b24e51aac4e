"""The table of services: the one truth for both backends, the probes, the CLI and the docs."""

from __future__ import annotations

from dataclasses import dataclass

from lablib.errors import LabError


@dataclass(frozen=True)
class Service:
    """One server of the stack. ``port`` is the port before the checkout's offset is added.

    An ``optional`` one starts only when it is asked for by name.
    """

    name: str
    title: str
    port: int
    depends_on: tuple[str, ...] = ()
    inner_ports: tuple[int, ...] = ()
    config: str = ""
    ready_within: float = 60.0
    optional: bool = False

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port that the service binds on 127.0.0.1."""
        return (self.port, *self.inner_ports)


# The usual number of each server plus 10000, so that a learner's own Postgres is left in peace.
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
        inner_ports=(19093,),
        config="stack/kafka/server.properties",
    ),
    Service(
        "connect",
        "Kafka Connect: moves events from topics to tables",
        port=18083,
        depends_on=("kafka",),
        config="stack/connect/connect.properties",
    ),
    Service(
        "ksql",
        "Stream SQL: a ksqlDB-compatible server on Kafka Streams",
        port=18088,
        depends_on=("kafka",),
        config="stack/ksql-server/ksql-server.properties",
        optional=True,
    ),
    Service(
        "watchdog",
        "Restarts what has failed: connector tasks and crashed services",
        port=18084,
        depends_on=("postgres", "kafka", "connect"),
    ),
)

# What `lab up` starts.
CORE = tuple(s for s in SERVICES if not s.optional)


def find_service(name: str, services: tuple[Service, ...] = SERVICES) -> Service:
    """Return the service of that name, or say which names there are."""
    for service in services:
        if service.name == name:
            return service
    known = ", ".join(s.name for s in services)
    raise LabError(f"There is no service {name!r}.", f"the stack has: {known}", "lab status")


def services_table(services: tuple[Service, ...] = SERVICES) -> str:
    """Return the table as Markdown (``stack/README.md`` holds it between two markers)."""
    rows = ["| service | what it does | port on 127.0.0.1 | starts with | after | configured by |"]
    rows.append("| --- | --- | --- | --- | --- | --- |")
    for s in services:
        ports = ", ".join(str(p) for p in s.ports)
        config = f"`{s.config}`" if s.config else "-"
        command = f"`lab up {s.name}`" if s.optional else "`lab up`"
        after = ", ".join(s.depends_on) or "-"
        rows.append(f"| {s.name} | {s.title} | {ports} | {command} | {after} | {config} |")
    return "\n".join(rows) + "\n"
