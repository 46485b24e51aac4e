"""The Compose backend: every service is a container of ``docker-compose.yaml``.

It types the commands that a person would type (``docker compose up``, ``docker kill``), and gives
Compose what it knows better: the checkout's project name and its ports.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import time
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any

from lablib.backends import Observed, State, client_environment
from lablib.backends.compose_project import COMMAND_WITHIN, ComposeProject
from lablib.backends.images import Images
from lablib.errors import LabError
from lablib.ports import HOST, refuse_busy_port
from lablib.services import SERVICES, Service, find_service
from lablib.settings import Settings
from lablib.tools import find_tool, run_tool

STOP_WITHIN = 15
# A terminal may have made the stack anew, and with it the password, while a notebook lives on.
PASSWORD_FRESH = 5.0
PASSWORD_FILE = "/run/lab-secrets/password"  # noqa: S105 - a path
KAFKA_DATA = "/var/lib/kafka"
# What an orderly end looks like: 0, or 128 + SIGINT or SIGTERM.
IN_ORDER, BY_FORCE = (0, 130, 143), 137


class Compose:
    """Runs the services of one checkout as containers."""

    name = "compose"

    def __init__(self, settings: Settings) -> None:
        """Nothing is started, built or asked yet."""
        self.settings = settings
        self.project = ComposeProject(settings)
        self.images = Images(self.project)
        self._password = ("", -PASSWORD_FRESH)
        self._making = Lock()

    def prepare(self, services: Sequence[Service]) -> None:
        """Build the images that are missing or stale, then make containers, networks and volumes."""
        self.images.build(services)
        names = ["secrets", *(s.name for s in services)]
        if stale := self._stale(names):
            for name in stale:  # Compose cannot replace what is paused
                if self._state(name).get("Paused"):
                    self.project.docker("unpause", self.project.container(name))
            self.project.compose("create", "--no-build", *stale)
        made = self._state("secrets")
        if made.get("Status") != "exited" or made["ExitCode"]:
            self.project.docker("start", "--attach", self.project.container("secrets"))

    def ports(self, service: Service) -> list[int]:
        """Return the port that the service is published on; inner ones stay inside."""
        return [service.port + self.settings.port_offset]

    def check(self, service: Service) -> None:
        """Raise PortBusy if somebody else holds the port that this service is published on."""
        for port in self.ports(service):
            refuse_busy_port(service, port)

    def start(self, service: Service) -> None:
        """Start the service's container; it is made if `stop` has removed a dead one."""
        self.check(service)
        with self._making:  # services start side by side, and a network must come only once
            if self._lost_its_network(service):
                self.project.docker("rm", self.project.container(service.name))
            if not self.project.inspect(service.name):
                self.project.compose("create", "--no-build", service.name)
        self.project.docker("start", self.project.container(service.name))

    def stop(self, service: Service) -> None:
        """End the container in an orderly way; after 15 s Docker insists."""
        observed = self.inspect(service)
        if observed.state is State.PAUSED:
            self.resume(service)
        container = self.project.container(service.name)
        if self._state(service.name).get("Running"):
            self.project.docker("stop", f"--time={STOP_WITHIN}", container)
        if self.inspect(service).state is not State.STOPPED:
            # It was dead already, and would seem to take part. What it keeps is in volumes.
            self.project.docker("rm", container)

    def kill(self, service: Service) -> None:
        """Send SIGKILL. Docker does not restart what somebody has killed on purpose."""
        self.project.docker("kill", self.project.container(service.name))

    def pause(self, service: Service) -> None:
        """Freeze all processes of the container."""
        self.project.docker("pause", self.project.container(service.name))

    def resume(self, service: Service) -> None:
        """Let a paused container go on."""
        self.project.docker("unpause", self.project.container(service.name))

    def inspect(self, service: Service) -> Observed:
        """Read the container's state."""
        found = self.project.inspect(service.name)
        if not found:
            return Observed(State.STOPPED)
        state, identity = found["State"], self.project.container(service.name)
        if state["Paused"]:
            return Observed(State.PAUSED, identity)
        if state["Status"] == "running":
            moved = not _published(found).issuperset(self.ports(service))
            return Observed(State.MOVED if moved else State.RUNNING, identity)
        if state["Status"] == "restarting" or state["OOMKilled"]:
            return Observed(State.CRASHED)
        if state["Status"] == "created" or state["ExitCode"] in IN_ORDER:
            return Observed(State.STOPPED)
        return Observed(State.KILLED if state["ExitCode"] == BY_FORCE else State.CRASHED)

    def logs(self, service: Service, lines: int) -> list[str]:
        """Return the end of the container's log."""
        command = ["docker", "logs", f"--tail={lines}", self.project.container(service.name)]
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=COMMAND_WITHIN,
        )
        text = done.stdout.decode(errors="replace")
        return [] if done.returncode else text.splitlines()

    def log_location(self, service: Service) -> str:
        """Return the command that shows the whole log."""
        return f"docker logs {self.project.container(service.name)}"

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> str:
        """Run one of Kafka's command-line tools in the broker's container."""
        asks = find_tool(service, program, self.settings).asks
        address = ["--bootstrap-server", "localhost:9092"] if asks else []
        words = [self._fitting(service, word) if "*" in word else word for word in arguments]
        run = ["docker", "exec", f"--workdir={KAFKA_DATA}", self.project.container(service.name)]
        return run_tool(program, [*run, program, *address, *words])

    def environment(self) -> dict[str, str]:
        """Return addresses and the password, as clients on this machine need them."""
        places = {s.name: (HOST, s.port + self.settings.port_offset) for s in SERVICES}
        return client_environment(places, self._read_password())

    def wipe(self) -> None:
        """Remove containers, networks and volumes: the data, and the password with them."""
        self.project.inspect("postgres")  # refuses to touch another checkout's
        self.project.compose("down", "--volumes", "--remove-orphans", f"--timeout={STOP_WITHIN}")
        self._password = ("", -PASSWORD_FRESH)

    def _stale(self, names: Sequence[str]) -> list[str]:
        """Return the services without a container, or with one of an older configuration or image."""
        lines = self.project.compose("config", "--hash", "*").splitlines()
        wanted = dict(line.split() for line in lines)
        stale = []
        for name in names:
            found = self.project.inspect(name)
            labels = found.get("Config", {}).get("Labels", {})
            image = found.get("Config", {}).get("Image", "")
            if (
                labels.get("com.docker.compose.config-hash") != wanted[name]
                or self.project.docker("image", "inspect", "--format={{.Id}}", image).strip()
                != found["Image"]
            ):
                stale.append(name)
        return stale

    def _lost_its_network(self, service: Service) -> bool:
        """Return whether somebody pruned networks while the stack was down (data are in volumes)."""
        settings = self.project.inspect(service.name).get("NetworkSettings", {"Networks": {}})
        wanted = settings["Networks"].values()
        there = self.project.docker("network", "ls", "--no-trunc", "--format={{.ID}}").split()
        return any(network["NetworkID"] and network["NetworkID"] not in there for network in wanted)

    # -- Docker ------------------------------------------------------------------------------

    def _state(self, name: str) -> dict[str, Any]:
        return dict(self.project.inspect(name).get("State", {}))

    def _fitting(self, service: Service, pattern: str) -> str:
        run = ["exec", f"--workdir={KAFKA_DATA}", self.project.container(service.name)]
        with suppress(LabError):
            return ",".join(
                self.project.docker(*run, "bash", "-c", 'compgen -G "$1"', "_", pattern).split()
            )
        raise LabError(f"No file fits {pattern}.", f"looked in {KAFKA_DATA} of {service.name}")

    def _read_password(self) -> str:
        """Read the secret out of the volume; it works whether or not the database runs."""
        password, read_at = self._password
        if time.monotonic() - read_at < PASSWORD_FRESH:
            return password
        container = self.project.container(find_service("postgres").name)
        command = ["docker", "cp", f"{container}:{PASSWORD_FILE}", "-"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=COMMAND_WITHIN)
        if done.returncode:
            raise LabError(
                "The stack's password cannot be read; the first start makes it up.",
                done.stderr.decode().strip() or None,
                "lab up",
            )
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            member = archive.extractfile(archive.getmembers()[0])
            assert member is not None
            password = member.read().decode().strip()
        self._password = (password, time.monotonic())
        return password


def _published(container: dict[str, Any]) -> set[int]:
    bindings = container["HostConfig"]["PortBindings"] or {}
    return {int(each["HostPort"] or 0) for several in bindings.values() for each in several or ()}
