"""The view from inside Compose's network: the stack is there, somebody else runs it.

JupyterLab in a container (profile ``jupyter``) sees the services by their names. It has no Docker
engine, on purpose, so what would start or break a container is answered with the command to type.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from lablib.backends import Observed, State, client_environment
from lablib.errors import LabError
from lablib.services import SERVICES, Service, inside

PASSWORD_FILE = Path("/run/lab-secrets/password")
REACHED_WITHIN = 1.0


class Attached:
    """Reads services that run in containers beside this one."""

    name = "attached"

    def prepare(self, services: Sequence[Service]) -> None:
        """There is nothing to fetch."""

    def ports(self, service: Service) -> list[int]:  # noqa: ARG002 - the protocol's
        """None: ports are published on another machine than this container."""
        return []

    def check(self, service: Service) -> None:
        """Ports are Compose's business."""

    def start(self, service: Service) -> None:
        """Tell what to type on the machine that runs the containers."""
        _tell("start", service, f"up -d {service.name}")

    def stop(self, service: Service) -> None:
        """Tell what to type on the machine that runs the containers."""
        _tell("stop", service, f"stop {service.name}, or restart {service.name}")

    def kill(self, service: Service) -> None:
        """Tell what to type on the machine that runs the containers."""
        _tell("kill", service, f"kill {service.name}")

    def pause(self, service: Service) -> None:
        """Tell what to type on the machine that runs the containers."""
        _tell("pause", service, f"pause {service.name}")

    def resume(self, service: Service) -> None:
        """Tell what to type on the machine that runs the containers."""
        _tell("resume", service, f"unpause {service.name}")

    def inspect(self, service: Service) -> Observed:
        """Take what can be reached as running."""
        try:
            address = (service.name, inside(service))
            socket.create_connection(address, REACHED_WITHIN).close()
        except OSError:
            return Observed(State.STOPPED)
        return Observed(State.RUNNING, service.name)

    def logs(self, service: Service, lines: int) -> list[str]:
        """Say where the log is; from in here it cannot be read."""
        return [f"On your machine: {self.log_location(service)} --tail {lines}"]

    def log_location(self, service: Service) -> str:
        """Return the command that shows the whole log."""
        return f"docker compose logs {service.name}"

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> str:
        """Tell what to type on the machine that runs the containers."""
        return _tell("look into", service, f"exec {service.name} {program} {' '.join(arguments)}")

    def environment(self) -> dict[str, str]:
        """Return addresses and the password, as clients in Compose's network need them."""
        places = {s.name: (s.name, inside(s)) for s in SERVICES}
        return client_environment(places, _password())

    def wipe(self) -> None:
        """Tell what to type on the machine that runs the containers."""
        raise LabError(
            "This JupyterLab runs in a container and cannot delete the stack's data.",
            next="on your machine, in the lab kit's folder: docker compose down -v",
        )


def _password() -> str:
    try:
        return PASSWORD_FILE.read_text().strip()
    except OSError as error:
        raise LabError(
            "The stack's password cannot be read.",
            str(error),
            "on your machine, in the lab kit's folder: docker compose up -d --wait",
        ) from error


def _tell(act: str, service: Service, command: str) -> NoReturn:
    raise LabError(
        f"This JupyterLab runs in a container and cannot {act} {service.name}.",
        "it has no Docker engine",
        f"on your machine, in the lab kit's folder: docker compose {command}",
    )
