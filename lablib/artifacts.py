"""What the stack downloads: Java archives, pinned in ``stack/jars.lock`` and verified by hash.

jgo fetches from Maven Central and lays the files out as a Maven repository. It trusts what is
already in its folder and only warns about a wrong checksum, so every file is checked here against
the lock, and one that does not match is removed and fetched again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lablib.errors import DownloadFailed, LabError
from lablib.settings import Settings

LOCK_HEADER = "# Made by `make lock`. Set, group:artifact:version:packaging:classifier, SHA-256.\n"

# Wanted by tests only, and fetched by them.
FOR_TESTS = "ksql-tests"


@dataclass(frozen=True)
class Artifact:
    """One locked download."""

    group: str
    name: str
    version: str
    packaging: str
    classifier: str
    sha256: str

    @property
    def path(self) -> Path:
        """Where it lies inside a Maven repository."""
        tail = f"-{self.classifier}" if self.classifier else ""
        folder = Path(*self.group.split("."), self.name, self.version)
        return folder / f"{self.name}-{self.version}{tail}.{self.packaging}"


def read_lock(path: Path) -> dict[str, list[Artifact]]:
    """Return the locked artifacts by set name.

    ``connect`` is what a Connect worker needs; ``kafka`` what a broker needs beyond that, ``ksql``
    what the ksqlDB-compatible server does; ``jmx`` shows the metrics of all three. The others are
    ``connect-plugins``, ``compiler`` and ``ksql-tests``.
    """
    sets: dict[str, list[Artifact]] = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, coordinates, sha256 = line.split()
            group, artifact_id, version, packaging, classifier = coordinates.split(":")
            classifier = classifier.removeprefix("-")
            artifact = Artifact(group, artifact_id, version, packaging, classifier, sha256)
            sets.setdefault(name, []).append(artifact)
    return sets


class Artifacts:
    """The verified downloads of one checkout, kept in a cache that all checkouts share.

    Everywhere below ``names`` are names of sets; without any, all that servers need are meant.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the lock file of the checkout; nothing is fetched yet."""
        self.settings = settings
        self.cache = settings.cache_folder
        self._sets = read_lock(settings.stack_files / "jars.lock")
        self._repository = self.cache / "maven"

    def ready(self, *names: str) -> bool:
        """Return whether all archives of these sets are here."""
        return all(path.exists() for path in self.jars(*names))

    def jars(self, *names: str) -> list[Path]:
        """Return where the archives of these sets are, or will be, in the cache."""
        return [self._repository / artifact.path for artifact in self._chosen(names)]

    def path(self, name: str) -> Path:
        """Return where the one archive of that artifact is."""
        (found,) = {a.path for each in self._sets.values() for a in each if a.name == name}
        return self._repository / found

    def classpath(self, *names: str) -> str:
        """Return the jars of these sets, sorted: an AOT cache is only valid for the very same order."""
        return os.pathsep.join(sorted(map(str, self.jars(*names))))

    def fingerprint(self, names: Iterable[str] = (), sources: Iterable[Path] = ()) -> str:
        """Return a short digest of what the lock says of these sets, and of some files of ours."""
        digest = hashlib.sha256()
        for line in sorted(f"{a.path} {a.sha256}\n" for a in self._chosen(tuple(names))):
            digest.update(line.encode())
        for path in sources:
            digest.update(f"{path.relative_to(self.settings.home)}\n".encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def fetch(self, *names: str) -> None:
        """Download and verify what is missing. Needs no network when all is there.

        Raises:
            DownloadFailed: an artifact cannot be had, or its hash is not the locked one.
        """
        if self.ready(*names):
            return
        with self.written("download"):
            if not self.ready(*names):
                self._download(self._chosen(names))

    @contextmanager
    def written(self, what: str) -> Iterator[None]:
        """Let one process at a time write to the cache; tell what to do if it cannot be written."""
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            with FileLock(self.cache / f"{what}.lock"):
                yield
        except OSError as error:
            raise LabError(
                f"The download cache cannot be written: {error.strerror}.",
                str(error.filename or self.cache),
                "free some space (500 MB are needed) or set LAB_CACHE to another folder",
            ) from error

    def _chosen(self, names: tuple[str, ...]) -> list[Artifact]:
        names = names or tuple(name for name in self._sets if name != FOR_TESTS)
        return [artifact for name in names for artifact in self._sets[name]]

    def _download(self, artifacts: Iterable[Artifact]) -> None:
        missing = [a for a in artifacts if not self._verified(a)]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn()) as progress, ThreadPoolExecutor(6) as pool:
            bar = progress.add_task("Fetching Java archives", total=len(missing))
            downloads = [pool.submit(self._download_one, a) for a in missing]
            try:
                for done in as_completed(downloads):
                    done.result()
                    progress.advance(bar)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _verified(self, artifact: Artifact) -> bool:
        path = self._repository / artifact.path
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == artifact.sha256:
            return True
        path.unlink(missing_ok=True)
        return False

    def _download_one(self, artifact: Artifact) -> None:
        from jgo.maven import MavenContext  # half a second to import, and rarely needed
        from requests import RequestException

        context = MavenContext(repo_cache=self._repository, timeout=60)
        component = context.project(artifact.group, artifact.name).at_version(artifact.version)
        seen = ""
        for _ in range(3):
            try:
                component.artifact(artifact.classifier, artifact.packaging).resolve()
            except (RequestException, RuntimeError) as error:
                seen = str(error)
            else:
                if self._verified(artifact):
                    return
                seen = "what arrived does not match the hash in stack/jars.lock"
        raise DownloadFailed(
            f"{artifact.path.name} could not be fetched from Maven Central.",
            seen,
            "check the network (a proxy goes into HTTPS_PROXY, a school's own certificate into "
            "REQUESTS_CA_BUNDLE), then repeat the command; what has arrived is kept",
        )
