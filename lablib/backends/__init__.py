"""How services are run. ``Stack`` decides what should happen; a backend only does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from lablib.services import Service


class State(StrEnum):
    """What a backend sees of a service.

    ``STOPPED`` and ``KILLED`` were asked for, ``CRASHED`` was not. ``MOVED`` runs with settings that
    have changed since (another ``LAB_PORT_OFFSET``), so that nobody finds it: ``up`` restarts it.
    """

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    KILLED = "killed"
    CRASHED = "crashed"
    MOVED = "moved"


@dataclass(frozen=True)
class Observed:
    """A service as the backend sees it: its state, and who it is (a pid or a container's name)."""

    state: State
    identity: str = ""

    @property
    def up(self) -> bool:
        """True while it runs or is paused: starting it again would be an error."""
        return self.state in (State.RUNNING, State.PAUSED)


class Backend(Protocol):
    """Starts, stops, signals and reads services. Nothing here waits for readiness."""

    name: str

    def prepare(self, services: Sequence[Service]) -> None:
        """Fetch or build what the services need. Shows progress; cheap when nothing is missing."""

    def ports(self, service: Service) -> list[int]:
        """Return the ports of this machine that a service takes."""

    def check(self, service: Service) -> None:
        """Raise PortBusy if a service that is down could not start for want of a port."""

    def start(self, service: Service) -> None:
        """Start one service and return at once. Raises PortBusy when its port is taken."""

    def stop(self, service: Service) -> None:
        """End one service in an orderly way, by force when it does not obey. Does nothing if down."""

    def kill(self, service: Service) -> None:
        """End one service the hard way (SIGKILL)."""

    def pause(self, service: Service) -> None:
        """Freeze one service: its sockets stay open, nobody answers."""

    def resume(self, service: Service) -> None:
        """Let a paused service go on."""

    def inspect(self, service: Service) -> Observed:
        """Tell what is there now."""

    def logs(self, service: Service, lines: int) -> list[str]:
        """Return the last lines of a service's log."""

    def log_location(self, service: Service) -> str:
        """Tell where the whole log is: a path, or a command that shows it."""

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> str:
        """Run a program that comes with a service, in its data folder; return what it prints.

        An argument with a ``*`` stands for the files there that fit, joined by commas.

        Raises:
            LabError: there is no such program, no such file, or it failed, with its last lines.
        """

    def environment(self) -> dict[str, str]:
        """Return what clients need to reach the services (``lab env``)."""

    def wipe(self) -> None:
        """Delete the data of all services. They must be down."""


def client_environment(places: Mapping[str, tuple[str, int]], password: str) -> dict[str, str]:
    """Return what clients need (``lab env``), from ``service -> (host, port)`` and the password.

    The names are the same on every backend.
    """
    address = {name: f"{host}:{port}" for name, (host, port) in places.items()}
    host, port = places["postgres"]
    return {
        "KAFKA_BOOTSTRAP_SERVERS": address["kafka"],
        "CONNECT_URL": f"http://{address['connect']}",
        "KSQL_URL": f"http://{address['ksql']}",
        "WATCHDOG_URL": f"http://{address['watchdog']}",
        "PROMETHEUS_URL": f"http://{address['prometheus']}",
        "ALERTMANAGER_URL": f"http://{address['alertmanager']}",
        "PUSHGATEWAY_URL": f"http://{address['pushgateway']}",
        "EXPORTER_URL": f"http://{address['exporter']}",
        "POSTGRES_EXPORTER_URL": f"http://{address['postgres-exporter']}",
        "POSTGRES_HOST": host,
        "POSTGRES_PORT": str(port),
        "POSTGRES_USER": "lab",
        "POSTGRES_DB": "lab",
        "POSTGRES_PASSWORD": password,
        "POSTGRES_DSN": f"postgresql://lab:{password}@{address['postgres']}/lab",
    }
