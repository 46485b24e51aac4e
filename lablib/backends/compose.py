"""The Compose backend: every service is a container of ``docker-compose.yaml``.

It types the commands that a person would type (``docker compose up``, ``docker kill``), and gives
Compose what it knows better: the checkout's project name and its ports.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from rich.console import Console

from lablib.backends import Observed, State, client_environment
from lablib.docker import ca_bundle, engine_answers
from lablib.errors import LabError
from lablib.ports import HOST, refuse_busy_port
from lablib.services import SERVICES, Service, find_service
from lablib.settings import Settings
from lablib.tools import find_tool, run_tool
from lablib.versions import versions

STOP_WITHIN = 15
COMMAND_WITHIN = 120.0
# A terminal may have made the stack anew, and with it the password, while a notebook lives on.
PASSWORD_FRESH = 5.0
PASSWORD_FILE = "/run/lab-secrets/password"  # noqa: S105 - a path
KAFKA_DATA = "/var/lib/kafka"
# What an orderly end looks like: 0, or 128 + SIGINT or SIGTERM.
IN_ORDER, BY_FORCE = (0, 130, 143), 137
# What images are made from. A change of these makes them anew.
SOURCES = (
    "docker-compose.yaml",
    "requirements.lock",
    "stack/versions.env",
    "stack/jars.lock",
    *(f"stack/{folder}/**/*" for folder in ("base", "connect", "kafka", "postgres", "watchdog")),
    *(f"stack/ksql-server/{part}" for part in ("*", "src/main/**/*")),
    *(f"lablib/{name}.py" for name in ("artifacts", "builds", "compiler", "connect", "errors")),
    *(f"lablib/{name}.py" for name in ("settings", "watchdog")),
)


class Compose:
    """Runs the services of one checkout as containers."""

    name = "compose"

    def __init__(self, settings: Settings) -> None:
        """Nothing is started, built or asked yet."""
        self.settings = settings
        self._password = ("", -PASSWORD_FRESH)
        self._making = Lock()

    def prepare(self, services: Sequence[Service]) -> None:
        """Build the images that are missing or stale, then make containers, networks and volumes."""
        self.build(services)
        names = ["secrets", *(s.name for s in services)]
        if stale := self._stale(names):
            for name in stale:  # Compose cannot replace what is paused
                if self._state(name).get("Paused"):
                    self._docker("unpause", self._container(name))
            self._compose("create", "--no-build", *stale)
        made = self._state("secrets")
        if made.get("Status") != "exited" or made["ExitCode"]:
            self._docker("start", "--attach", self._container("secrets"))

    def ports(self, service: Service) -> list[int]:
        """Return the port that the service is published on; inner ones stay inside."""
        return [service.port + self.settings.port_offset]

    def check(self, service: Service) -> None:
        """Raise PortBusy if somebody else holds the port that this service is published on."""
        for port in self.ports(service):
            refuse_busy_port(service, port)

    def start(self, service: Service) -> None:
        """Start the service's container."""
        self.check(service)
        if self._lost_its_network(service):
            with self._making:  # services start side by side, and a network must come only once
                if self._lost_its_network(service):
                    self._docker("rm", self._container(service.name))
                    self._compose("create", "--no-build", service.name)
        self._docker("start", self._container(service.name))

    def stop(self, service: Service) -> None:
        """End the container in an orderly way; after 15 s Docker insists."""
        observed = self.inspect(service)
        if observed.state is State.PAUSED:
            self.resume(service)
        if self._state(service.name).get("Running"):
            self._docker("stop", f"--time={STOP_WITHIN}", self._container(service.name))

    def kill(self, service: Service) -> None:
        """Send SIGKILL. Docker does not restart what somebody has killed on purpose."""
        self._docker("kill", self._container(service.name))

    def pause(self, service: Service) -> None:
        """Freeze all processes of the container."""
        self._docker("pause", self._container(service.name))

    def resume(self, service: Service) -> None:
        """Let a paused container go on."""
        self._docker("unpause", self._container(service.name))

    def inspect(self, service: Service) -> Observed:
        """Read the container's state."""
        found = self._inspect(service.name)
        if not found:
            return Observed(State.STOPPED)
        state, identity = found["State"], self._container(service.name)
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
        command = ["docker", "logs", f"--tail={lines}", self._container(service.name)]
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
        return f"docker logs {self._container(service.name)}"

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> str:
        """Run one of Kafka's command-line tools in the broker's container."""
        asks = find_tool(service, program, self.settings).asks
        address = ["--bootstrap-server", "localhost:9092"] if asks else []
        words = [self._fitting(service, word) if "*" in word else word for word in arguments]
        run = ["docker", "exec", f"--workdir={KAFKA_DATA}", self._container(service.name)]
        return run_tool(program, [*run, program, *address, *words])

    def environment(self) -> dict[str, str]:
        """Return addresses and the password, as clients on this machine need them."""
        port = {s.name: s.port + self.settings.port_offset for s in SERVICES}
        return client_environment(
            kafka=f"{HOST}:{port['kafka']}",
            connect=f"{HOST}:{port['connect']}",
            ksql=f"{HOST}:{port['ksql']}",
            watchdog=f"{HOST}:{port['watchdog']}",
            postgres=(HOST, port["postgres"]),
            password=self._read_password(),
        )

    def wipe(self) -> None:
        """Remove containers, networks and volumes: the data, and the password with them."""
        self._inspect("postgres")  # refuses to touch another checkout's
        self._compose("down", "--volumes", "--remove-orphans", f"--timeout={STOP_WITHIN}")
        self._password = ("", -PASSWORD_FRESH)

    def _stale(self, names: Sequence[str]) -> list[str]:
        """Return the services without a container, or with one of an older configuration or image."""
        lines = self._compose("config", "--hash", "*").splitlines()
        wanted = dict(line.split() for line in lines)
        stale = []
        for name in names:
            found = self._inspect(name)
            labels = found.get("Config", {}).get("Labels", {})
            image = found.get("Config", {}).get("Image", "")
            if (
                labels.get("com.docker.compose.config-hash") != wanted[name]
                or self._docker("image", "inspect", "--format={{.Id}}", image).strip()
                != found["Image"]
            ):
                stale.append(name)
        return stale

    def _lost_its_network(self, service: Service) -> bool:
        """Return whether somebody pruned networks while the stack was down (data are in volumes)."""
        wanted = self._inspect(service.name)["NetworkSettings"]["Networks"].values()
        there = self._docker("network", "ls", "--no-trunc", "--format={{.ID}}").split()
        return any(network["NetworkID"] and network["NetworkID"] not in there for network in wanted)

    # -- images ------------------------------------------------------------------------------

    def build(self, services: Sequence[Service]) -> None:
        """Build or pull the images of these services that are missing or stale; else it is cheap."""
        answers, seen = engine_answers()
        if not answers:
            raise LabError(
                "The Docker engine does not answer.",
                seen,
                "start Docker, then lab up; or work without it: LAB_STACK=processes",
            )
        if self._believed().issuperset(self._seals(services)):
            return
        names = [s.name for s in services]
        said: list[str] = []
        console = Console(stderr=True)
        with console.status("Building the images (once, one to six minutes) ...") as status:

            def show(line: str) -> None:
                said.append(line)
                status.update(f"Building the images: {line.strip()[:80]}".replace("[", r"\["))

            # What is not ours (KSQL_IMAGE) cannot be built; all else must not be pulled.
            done = self._watched(show, "build", *names) and self._watched(
                show, "pull", "--ignore-buildable", *names
            )
        if not done:
            base = versions(self.settings.stack_files / "versions.env")["BASE_IMAGE"]
            raise LabError(
                "The images could not be built.",
                "\n".join(line for line in said[-12:] if line),
                f"without access to an image registry make {base} yourself: stack/base/make-base.sh; "
                "a proxy goes into HTTPS_PROXY, and the certificate of one that inspects TLS into "
                "REQUESTS_CA_BUNDLE; or work without Docker: LAB_STACK=processes",
            )
        self.believe_images(services)

    def _watched(self, show: Callable[[str], None], *words: str) -> bool:
        """Run a command of Compose, show each line that it prints, and return whether it worked."""
        command = ["docker", "compose", *self._project(), "--progress=plain", *words]
        with subprocess.Popen(
            command,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                show(line.rstrip())
        return not process.returncode

    def images(self, services: Sequence[Service] = SERVICES) -> list[str]:
        """Return the names of the images of these services."""
        names = [s.name for s in services]
        return sorted(set(self._compose("config", "--images", *names).split()))

    def believe_images(self, services: Sequence[Service]) -> None:
        """Take the images that are here as made from this checkout (they came in its bundle)."""
        fingerprint = self.fingerprint()
        others = {seal for seal in self._believed() if seal.startswith(fingerprint)}
        self.settings.data.mkdir(parents=True, exist_ok=True)
        seals = sorted(others | self._seals(services))
        (self.settings.data / "images").write_text("\n".join(seals))

    def _believed(self) -> set[str]:
        note = self.settings.data / "images"
        return set(note.read_text().splitlines()) if note.exists() else set()

    def _seals(self, services: Sequence[Service]) -> set[str]:
        """Tie what images are made from to the images: another checkout may have moved the names."""
        every = ["image", "ls", "--no-trunc", "--format={{.Repository}}:{{.Tag}} {{.ID}}"]
        ids = dict(line.split() for line in self._docker(*every).splitlines())
        made_from = self.fingerprint()
        tagged = {name: name if ":" in name else f"{name}:latest" for name in self.images(services)}
        return {f"{made_from} {name} {ids.get(tag, 'missing')}" for name, tag in tagged.items()}

    def fingerprint(self) -> str:
        """Return a digest of everything that images are made from."""
        digest = hashlib.sha256()
        for pattern in SOURCES:
            for path in sorted(self.settings.home.glob(pattern)):
                stray = any(
                    part.startswith(".") or part == "__pycache__"
                    for part in path.relative_to(self.settings.home).parts
                )
                if path.is_file() and not stray and not path.name.endswith("~"):
                    digest.update(f"{path.relative_to(self.settings.home)}\n".encode())
                    digest.update(path.read_bytes())
        return digest.hexdigest()

    # -- Docker ------------------------------------------------------------------------------

    def _container(self, name: str) -> str:
        return f"{self.settings.project}-{name}-1"

    def _project(self) -> list[str]:
        return [
            f"--project-directory={self.settings.home}",
            f"--project-name={self.settings.project}",
            *(f"--profile={s.name}" for s in SERVICES if s.optional),
        ]

    def _environment(self) -> dict[str, str]:
        """Return what Compose puts in place of ${...}."""
        ports = {
            f"{s.name.upper()}_PORT": str(s.port + self.settings.port_offset) for s in SERVICES
        }
        bundle = {"CA_BUNDLE": path} if (path := ca_bundle()) else {}
        return {**os.environ, **bundle, **ports}

    def _compose(self, *words: str) -> str:
        return self._run("docker", "compose", *self._project(), *words)

    def _docker(self, *words: str) -> str:
        return self._run("docker", *words)

    def _run(self, *command: str) -> str:
        try:
            done = subprocess.run(
                command,
                env=self._environment(),
                capture_output=True,
                text=True,
                check=False,
                timeout=COMMAND_WITHIN,
            )
        except FileNotFoundError:
            raise LabError(
                "There is no program docker.", next="install Docker, or set LAB_STACK=processes"
            ) from None
        except subprocess.TimeoutExpired:
            raise LabError(
                "Docker gave no answer.",
                f"waited {COMMAND_WITHIN:.0f} s for: {' '.join(command)}",
                "docker info; restart Docker if that hangs, too",
            ) from None
        if done.returncode:
            said = [line for line in done.stderr.strip().splitlines() if line.strip()]
            raise LabError(
                f"Docker refused: {' '.join(w for w in command if not w.startswith(('--project', '--profile')))}",
                "\n".join(said[-6:]) or f"exit code {done.returncode}",
                "lab status, then lab up; docker info shows whether the engine works",
            )
        return done.stdout

    def _inspect(self, name: str) -> dict[str, Any]:
        """Return what Docker knows of a container; nothing if there is none."""
        command = ["docker", "container", "inspect", self._container(name)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=COMMAND_WITHIN
        )
        if done.returncode:
            if "no such container" in done.stderr.lower():
                return {}
            raise LabError(
                "The Docker engine does not answer.",
                done.stderr.strip().splitlines()[-1] if done.stderr.strip() else None,
                "start Docker, then lab up; or work without it: LAB_STACK=processes",
            )
        (found,) = json.loads(done.stdout)
        folder = found["Config"]["Labels"].get("com.docker.compose.project.working_dir", "")
        if Path(folder).resolve() != self.settings.home:
            raise LabError(
                f"Another checkout has containers of the name {self.settings.project}.",
                f"{self._container(name)} belongs to {folder}",
                "put COMPOSE_PROJECT_NAME=another-name and LAB_PORT_OFFSET=100 into the file .env here",
            )
        return dict(found)

    def _state(self, name: str) -> dict[str, Any]:
        return dict(self._inspect(name).get("State", {}))

    def _fitting(self, service: Service, pattern: str) -> str:
        run = ["exec", f"--workdir={KAFKA_DATA}", self._container(service.name)]
        with suppress(LabError):
            return ",".join(
                self._docker(*run, "bash", "-c", 'compgen -G "$1"', "_", pattern).split()
            )
        raise LabError(f"No file fits {pattern}.", f"looked in {KAFKA_DATA} of {service.name}")

    def _read_password(self) -> str:
        """Read the secret out of the volume; it works whether or not the database runs."""
        password, read_at = self._password
        if time.monotonic() - read_at < PASSWORD_FRESH:
            return password
        container = self._container(find_service("postgres").name)
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
