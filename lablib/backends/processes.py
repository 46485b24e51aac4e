"""The embedded backend: every service is a local process that outlives the command that began it.

A service is known by ``.lab/run/<name>.json`` (pid and the time the process was created, so that a
reused pid is not taken for ours) and by a variable in its environment, by which even a process
whose file was lost is found again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from lablib.artifacts import Artifacts
from lablib.backends import Observed, State
from lablib.backends.launch import HOST, Launcher
from lablib.backends.warmup import warm_up
from lablib.errors import LabError, PortBusy
from lablib.services import Service
from lablib.settings import Settings

OWNER = "LAB_OWNER"
STOP_WITHIN = 15.0
KILLED_WITHIN = 10.0
TOOL_WITHIN = 60.0


class Processes:
    """Runs the services of one checkout as processes of this machine."""

    name = "processes"

    def __init__(self, settings: Settings) -> None:
        """Nothing is started or fetched yet."""
        self.settings = settings
        self.artifacts = Artifacts(settings)
        self.launcher = Launcher(settings, self.artifacts)
        self._run = settings.data / "run"

    def prepare(self, services: Sequence[Service]) -> None:  # noqa: ARG002 - all have the same needs
        """Fetch the Java archives and train the AOT caches, both only once per machine."""
        for folder in (self._run, self.settings.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.artifacts.fetch()
        warm_up(self.launcher)

    def start(self, service: Service) -> None:
        """Start a service; its output goes to its log file, after a line that says when."""
        self._sweep_stray(service)
        for port in service.ports:
            refuse_busy_port(service, port + self.settings.port_offset)
        launch = self.launcher.launch(service)
        launch.before()
        environment = os.environ | launch.environment
        environment |= {
            OWNER: self._owner(service),
            "LAB_HOME": str(self.settings.home),
            "LAB_DATA": str(self.settings.data),
            "LAB_PORT_OFFSET": str(self.settings.port_offset),
        }
        with self._log(service).open("ab") as log:
            log.write(f"--- started {time.strftime('%Y-%m-%d %H:%M:%S')} ---\n".encode())
            log.flush()
            folder = launch.folder or self.settings.data
            pid = spawn_detached(launch.command, environment, folder, log.fileno())
        with suppress(psutil.NoSuchProcess):  # it may be dead already: then it counts as crashed
            self._note(service, pid=pid, created=psutil.Process(pid).create_time())

    def stop(self, service: Service) -> None:
        """Ask the service to end (SIGTERM, SIGINT for Postgres); after 15 s insist."""
        process = self._process(service)
        if process is not None:
            family = _family(process)
            # Postgres takes SIGINT for "now, but in order"; SIGTERM waits for its last client.
            with suppress(psutil.NoSuchProcess):
                process.resume()
                process.send_signal(signal.SIGINT if service.name == "postgres" else signal.SIGTERM)
            _wait_gone([process], STOP_WITHIN)
            _kill(family)
        self._note(service, ended=State.STOPPED)

    def kill(self, service: Service) -> None:
        """Send SIGKILL to the service and its children."""
        process = self._process(service)
        if process is None:
            raise LabError(f"{service.name} is not running.", next=f"lab restart {service.name}")
        self._note(service, ended=State.KILLED)
        _kill(_family(process))

    def pause(self, service: Service) -> None:
        """Send SIGSTOP to the service and its children."""
        for member in self._must_run(service):
            member.suspend()

    def resume(self, service: Service) -> None:
        """Send SIGCONT to the service and its children."""
        for member in self._must_run(service):
            member.resume()

    def inspect(self, service: Service) -> Observed:
        """Look at the pid file and at the process behind it."""
        process = self._process(service)
        if process is not None:
            paused = process.status() == psutil.STATUS_STOPPED
            return Observed(State.PAUSED if paused else State.RUNNING, str(process.pid))
        noted = self._noted(service)
        if noted is None:
            return Observed(State.STOPPED)
        return Observed(State(noted.get("ended", State.CRASHED)))

    def logs(self, service: Service, lines: int) -> list[str]:
        """Return the end of the log file."""
        try:
            with self._log(service).open(errors="replace") as file:
                return [line.rstrip("\n") for line in deque(file, maxlen=lines)]
        except FileNotFoundError:
            return []

    def log_location(self, service: Service) -> str:
        """Return the path of the log file."""
        return str(self._log(service))

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> str:
        """Run one of Kafka's command-line tools in the broker's data folder."""
        folder = self.launcher.data(service.name)
        words = [_fitting(folder, word) if "*" in word else word for word in arguments]
        command = self.launcher.tool(service, program, words)
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=TOOL_WITHIN, check=False
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise LabError(f"{program} failed.", "\n".join(said[-6:]), "lab status")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Return addresses and the password, as clients on this machine need them."""
        return self.launcher.client_environment()

    def wipe(self) -> None:
        """Delete data and logs; the password stays."""
        for folder in (self.settings.data / "data", self.settings.logs, self._run):
            shutil.rmtree(folder, ignore_errors=True)

    # -- pid files ---------------------------------------------------------------------------

    def _owner(self, service: Service) -> str:
        return f"{self.settings.data}:{service.name}"

    def _log(self, service: Service) -> Path:
        return self.settings.logs / f"{service.name}.log"

    def _file(self, service: Service) -> Path:
        return self._run / f"{service.name}.json"

    def _noted(self, service: Service) -> dict[str, str] | None:
        try:
            noted: dict[str, str] = json.loads(self._file(service).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return noted

    def _note(self, service: Service, **facts: object) -> None:
        self._run.mkdir(parents=True, exist_ok=True)
        partial = self._file(service).with_suffix(".partial")
        partial.write_text(json.dumps(facts))
        partial.replace(self._file(service))

    def _process(self, service: Service) -> psutil.Process | None:
        noted = self._noted(service)
        if noted and "pid" in noted:
            process = _alive(int(noted["pid"]))
            if process and abs(process.create_time() - float(noted["created"])) < 1:
                return process
        return None

    def _must_run(self, service: Service) -> list[psutil.Process]:
        process = self._process(service)
        if process is None:
            raise LabError(f"{service.name} is not running.", next=f"lab restart {service.name}")
        return _family(process)

    def _sweep_stray(self, service: Service) -> None:
        for process in self._strays(service):
            _kill(_family(process))

    def _strays(self, service: Service) -> Iterator[psutil.Process]:
        """Find processes of this very service that no pid file names any more."""
        for process in psutil.process_iter():
            try:
                if process.environ().get(OWNER) == self._owner(service) and _alive(process.pid):
                    yield process
            except (psutil.Error, OSError):
                continue


# The one that starts a service must not be its parent: a notebook's kernel would keep it as a
# zombie, and the watchdog's end would look like the end of a family. So a go-between starts it
# and is gone.
GO_BETWEEN = """
import os, sys
answer = int(sys.argv[1])
pid = os.fork()
if pid:
    os.write(answer, str(pid).encode())
    os._exit(0)
os.close(answer)
os.setsid()
os.execvp(sys.argv[2], sys.argv[2:])
"""


def spawn_detached(command: list[str], environment: dict[str, str], folder: Path, log: int) -> int:
    """Run a command in a session of its own, as nobody's child; return its pid.

    Output goes to the open file ``log``. A command that cannot be run says so there.
    """
    read, write = os.pipe()
    try:
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", GO_BETWEEN, str(write), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            pass_fds=(write,),
            start_new_session=True,  # Ctrl-C must not part the go-between from its answer
            check=True,
        )
        return int(os.read(read, 20))
    finally:
        os.close(read)
        os.close(write)


def _fitting(folder: Path, pattern: str) -> str:
    files = sorted(str(path.relative_to(folder)) for path in folder.glob(pattern))
    if not files:
        raise LabError(f"No file fits {pattern}.", f"looked in {folder}")
    return ",".join(files)


def refuse_busy_port(service: Service, port: int) -> None:
    """Raise PortBusy, naming the owner where the system tells, if nobody could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            raise PortBusy(
                f"{service.name} needs port {port} on {HOST}, and it is taken.",
                _owner_of(port),
                "end that program, or move this checkout: add LAB_PORT_OFFSET=100 to the file .env",
            ) from error


def _owner_of(port: int) -> str:
    """Name the process that listens on a port, as far as the system lets us see."""
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if here and connection.pid:
                owner = psutil.Process(connection.pid)
                return f"{owner.name()} (pid {owner.pid}): {' '.join(owner.cmdline())[:100]}"
    except psutil.Error:
        pass
    return "the owner belongs to another user; `ss -ltnp` run as root would tell"


def _alive(pid: int) -> psutil.Process | None:
    """Return the process unless it is gone or a zombie."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except psutil.Error:
        return None


def _wait_gone(processes: list[psutil.Process], timeout: float) -> None:
    """Return when all are dead. psutil would also wait until somebody has buried the zombies."""
    deadline = time.monotonic() + timeout
    while any(_alive(p.pid) and p.is_running() for p in processes) and time.monotonic() < deadline:
        time.sleep(0.01)


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_gone(processes, KILLED_WITHIN)


def _family(process: psutil.Process) -> list[psutil.Process]:
    """Return the process and all its children (Postgres is many processes)."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
