"""The Docker commands of one checkout: its project name, its ports, its profiles."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lablib.docker import ca_bundle
from lablib.errors import LabError
from lablib.services import SERVICES
from lablib.settings import Settings

COMMAND_WITHIN = 120.0


class ComposeProject:
    """Types what a person would type, and gives Compose what it must know of this checkout."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is asked yet."""
        self.settings = settings

    def container(self, name: str) -> str:
        """Return the name of a service's container."""
        return f"{self.settings.project}-{name}-1"

    def compose(self, *words: str) -> str:
        """Run a command of Compose and return what it prints; raise LabError with its last lines."""
        return self._run("docker", "compose", *self._project(), *words)

    def docker(self, *words: str) -> str:
        """Run a command of Docker and return what it prints; raise LabError with its last lines."""
        return self._run("docker", *words)

    def watched(self, show: Callable[[str], None], *words: str) -> bool:
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

    def inspect(self, name: str) -> dict[str, Any]:
        """Return what Docker knows of a container; nothing if there is none."""
        command = ["docker", "container", "inspect", self.container(name)]
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
                f"{self.container(name)} belongs to {folder}",
                "put COMPOSE_PROJECT_NAME=another-name and LAB_PORT_OFFSET=100 into the file .env here",
            )
        return dict(found)

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

    def _project(self) -> list[str]:
        return [
            f"--project-directory={self.settings.home}",
            f"--project-name={self.settings.project}",
            *(f"--profile={name}" for name in sorted({s.profile for s in SERVICES if s.profile})),
        ]

    def _environment(self) -> dict[str, str]:
        """Return what Compose puts in place of ${...}."""
        ports = {
            f"{s.name.upper().replace('-', '_')}_PORT": str(s.port + self.settings.port_offset)
            for s in SERVICES
        }
        judging = {
            "PROMETHEUS_SPEED": f"{self.settings.prometheus_speed:g}",
            "ALERT_WEBHOOK": self.settings.alert_webhook,
        }
        bundle = {"CA_BUNDLE": path} if (path := ca_bundle()) else {}
        return {**os.environ, **bundle, **ports, **judging}
