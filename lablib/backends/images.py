"""The images of the stack: built where they are missing or stale, believed where they are not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from rich.console import Console

from lablib.backends.compose_project import ComposeProject
from lablib.docker import engine_answers
from lablib.errors import LabError
from lablib.services import SERVICES, Service
from lablib.versions import versions

# What images are made from. A change of these makes them anew.
FOLDERS = (
    "alertmanager",
    "base",
    "connect",
    "exporter",
    "kafka",
    "postgres",
    "prometheus",
    "watchdog",
)
MODULES = (
    *("artifacts", "builds", "compiler", "settings"),  # fetch and build what is Java
    *("arrivals", "exporter", "lag", "latency", "quality", "sale", "watchdog"),
    *("connect", "errors"),
)
SOURCES = (
    "docker-compose.yaml",
    "requirements.lock",
    "stack/versions.env",
    "stack/jars.lock",
    *(f"stack/{folder}/**/*" for folder in FOLDERS),
    *(f"stack/ksql-server/{part}" for part in ("*", "src/main/**/*")),
    *(f"lablib/{name}.py" for name in MODULES),
)


class Images:
    """The images of one checkout."""

    def __init__(self, project: ComposeProject) -> None:
        """Nothing is asked yet."""
        self._project = project
        self._settings = project.settings
        self._note = project.settings.data / "images"

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

            built = self._project.watched(show, "build", *names)
            # What is not ours cannot be built; all else must not be pulled.
            pulled = built and self._project.watched(show, "pull", "--ignore-buildable", *names)
        if built and not pulled:
            raise LabError(
                "The image that KSQL_IMAGE names could not be pulled.",
                "\n".join(line for line in said[-6:] if line),
                "correct it in the file .env, or take it out: the kit has a server of its own",
            )
        if not built:
            base = versions(self._settings.stack_files / "versions.env")["BASE_IMAGE"]
            raise LabError(
                "The images could not be built.",
                "\n".join(line for line in said[-12:] if line),
                f"without access to an image registry make {base} yourself: stack/base/make-base.sh; "
                "a proxy goes into HTTPS_PROXY, and the certificate of one that inspects TLS into "
                "REQUESTS_CA_BUNDLE; or work without Docker: LAB_STACK=processes",
            )
        self.believe(services)

    def names(self, services: Sequence[Service] = SERVICES) -> list[str]:
        """Return the names of the images of these services."""
        names = [s.name for s in services]
        return sorted(set(self._project.compose("config", "--images", *names).split()))

    def believe(self, services: Sequence[Service]) -> None:
        """Take the images that are here as made from this checkout (they came in its bundle)."""
        fingerprint = self.fingerprint()
        others = {seal for seal in self._believed() if seal.startswith(fingerprint)}
        self._settings.data.mkdir(parents=True, exist_ok=True)
        seals = sorted(others | self._seals(services))
        self._note.write_text("\n".join(seals))

    def _believed(self) -> set[str]:
        return set(self._note.read_text().splitlines()) if self._note.exists() else set()

    def _seals(self, services: Sequence[Service]) -> set[str]:
        """Tie what images are made from to the images: another checkout may have moved the names."""
        every = ["image", "ls", "--no-trunc", "--format={{.Repository}}:{{.Tag}} {{.ID}}"]
        ids = dict(line.split() for line in self._project.docker(*every).splitlines())
        made_from = self.fingerprint()
        tagged = {name: name if ":" in name else f"{name}:latest" for name in self.names(services)}
        return {f"{made_from} {name} {ids.get(tag, 'missing')}" for name, tag in tagged.items()}

    def fingerprint(self) -> str:
        """Return a digest of everything that images are made from."""
        digest = hashlib.sha256()
        for pattern in SOURCES:
            for path in sorted(self._settings.home.glob(pattern)):
                stray = any(
                    part.startswith(".") or part == "__pycache__"
                    for part in path.relative_to(self._settings.home).parts
                )
                if path.is_file() and not stray and not path.name.endswith("~"):
                    digest.update(f"{path.relative_to(self._settings.home)}\n".encode())
                    digest.update(path.read_bytes())
        return digest.hexdigest()
