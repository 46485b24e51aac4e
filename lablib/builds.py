"""What the kit makes of downloads and of its own Java sources: once, kept in the shared cache."""

from __future__ import annotations

import shutil
import tarfile
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from lablib.artifacts import Artifacts
from lablib.compiler import Compiler

COMPLETE = ".complete"
# The sink needs one database driver, and its copies of Kafka's jars would shadow the worker's.
UNUSED_PLUGIN_JARS = (
    "ojdbc*", "mysql-connector*", "mariadb-java-client*", "mssql-jdbc*", "kafka-clients*",
    "connect-api*", "zstd-jni*", "snappy-java*", "lz4-java*", "slf4j-api*", "jakarta.ws.rs-api*",
)  # fmt: skip


class Build(ABC):
    """A folder of the cache, named after what it is made from: there and complete, or not there."""

    name: ClassVar[str]
    sets: ClassVar[tuple[str, ...]]
    """The sets of archives that it is made from."""
    sources: ClassVar[str]
    """The folder below ``stack`` with the Java sources."""

    def __init__(self, artifacts: Artifacts) -> None:
        """Nothing is made yet."""
        self.artifacts = artifacts
        self.compiler = Compiler(artifacts)

    @property
    def source_folder(self) -> Path:
        """Where the sources are."""
        return self.artifacts.settings.stack_files / self.sources

    @cached_property
    def fingerprint(self) -> str:
        """A digest of everything that it is made from."""
        files = (path for path in sorted(self.source_folder.rglob("*")) if path.is_file())
        return self.artifacts.fingerprint(self.sets, files)

    @property
    def folder(self) -> Path:
        """Where it is, or will be."""
        return self.artifacts.cache / f"{self.name}-{self.fingerprint}"

    @property
    def ready(self) -> bool:
        """True when it was made before."""
        return (self.folder / COMPLETE).exists()

    def make(self) -> None:
        """Fetch what it needs and make it, unless it is there. Cut short, it leaves nothing behind.

        Raises:
            LabError: an archive cannot be had, or a source does not compile.
        """
        if self.ready:
            return
        self.artifacts.fetch(*self.sets)
        with self.artifacts.written(self.name):
            if self.ready:
                return
            partial = self.folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True)
            try:
                self._fill(partial)
                (partial / COMPLETE).touch()
                shutil.rmtree(self.folder, ignore_errors=True)
                partial.rename(self.folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    @abstractmethod
    def _fill(self, folder: Path) -> None:
        """Put into the empty folder what belongs there."""


class JmxMetrics(Build):
    """What starts a Java server so that Prometheus can read its JMX metrics."""

    name = "jmx"
    sets = ("jmx", "compiler")
    sources = "kafka/src"

    @property
    def jar(self) -> Path:
        """Its one class."""
        return self.folder / "jmx-metrics.jar"

    def _fill(self, folder: Path) -> None:
        self.compiler.jar(
            folder / self.jar.name,
            [self.source_folder],
            classpath=self.artifacts.classpath("jmx"),
            release=21,
        )


class ConnectPlugins(Build):
    """The plug-ins of Connect: Debezium's connectors, and the kit's own strict converter."""

    name = "connect"
    sets = ("connect-plugins", "connect", "compiler")
    sources = "connect/src"

    @property
    def plugins(self) -> Path:
        """The folder with one sub-folder per plug-in."""
        return self.folder / "plugins"

    def _fill(self, folder: Path) -> None:
        plugins = folder / "plugins"
        converter = plugins / "lab-converter"
        converter.mkdir(parents=True)
        for archive in self.artifacts.jars("connect-plugins"):
            with tarfile.open(archive) as tar:
                # Python before 3.11.4 has no filter; the archive's hash was checked anyway.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(plugins)  # noqa: S202
        for pattern in UNUSED_PLUGIN_JARS:
            for jar in plugins.rglob(f"{pattern}.jar"):
                jar.unlink()
        self.compiler.jar(
            converter / "lab-converter.jar",
            [self.source_folder],
            classpath=self.artifacts.classpath("connect"),
            release=17,
            resources=self.source_folder,
        )


class KsqlServer(Build):
    """The kit's ksqlDB-compatible server."""

    name = "ksql"
    sets = ("ksql", "connect", "compiler")
    sources = "ksql-server/src/main"

    @property
    def jar(self) -> Path:
        """The server's classes in one archive."""
        return self.folder / "ksql-server.jar"

    def _fill(self, folder: Path) -> None:
        grammars = self.source_folder / "antlr4"
        (grammar,) = grammars.rglob("*.g4")
        package = ".".join(grammar.parent.relative_to(grammars).parts)
        generated = folder / "generated"
        self.compiler.parser(grammar, package, generated)
        self.compiler.jar(
            folder / self.jar.name,
            [generated, self.source_folder / "java"],
            classpath=self.artifacts.classpath("ksql", "connect"),
            release=21,
            resources=self.source_folder / "resources",
        )
        shutil.rmtree(generated)
