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
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from lablib.artifacts import Artifacts
from lablib.backends import Observed, State
from lablib.backends.launch import Launcher
from lablib.backends.warmup import warm_up
from lablib.errors import LabError
from lablib.ports import refuse_busy_port
from lablib.services import Service
from lablib.settings import Settings
from lablib.tools import run_tool

OWNER = "LAB_OWNER"
STOP_WITHIN = 15.0
KILLED_WITHIN = 10.0
PAUSED_WITHIN = 2.0


class Processes:
    """Runs the services of one checkout as processes of this machine."""

    name = "processes"

    def __init__(self, settings: Settings) -> None:
        """Nothing is started or fetched yet."""
        self.settings = settings
        self.artifacts = Artifacts(settings)
        self.launcher = Launcher(settings, self.artifacts)
        self._run = settings.data / "run"

    def prepare(self, services: Sequence[Service]) -> None:
        """Fetch archives, compile what is ours, train AOT caches: all only once per machine."""
        for folder in (self._run, self.settings.logs):
            folder.mkdir(parents=True, exist_ok=True)
        self.launcher.prepare(services)
        warm_up(self.launcher, services)
        for service in services:  # one that an older edition started is not announced yet
            if self.inspect(service).up:
                self.launcher.announce(service)

    def ports(self, service: Service) -> list[int]:
        """Return every port that the service listens on."""
        return [port + self.settings.port_offset for port in service.ports]

    def check(self, service: Service) -> None:
        """Raise PortBusy if somebody else holds a port of this service; end lost ones of our own."""
        self._sweep_strays(service)
        for port in self.ports(service):
            refuse_busy_port(service, port)

    def start(self, service: Service) -> None:
        """Start a service; its output goes to its log file, after a line that says when."""
        self.check(service)
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
        created = _created(psutil.Process(pid)) if psutil.pid_exists(pid) else None
        self._note(service, pid=pid, created=created, ports=self.ports(service))
        self.launcher.announce(service)

    def stop(self, service: Service) -> None:
        """Ask the service to end (SIGTERM, SIGINT for Postgres); after 15 s insist."""
        self.launcher.withdraw(service)  # first: who leaves in order is not down
        process = self._process(service)
        if process is not None:
            family = _family(process)
            # Postgres takes SIGINT for "now, but in order"; SIGTERM waits for its last client.
            _resume(family)
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT if service.name == "postgres" else signal.SIGTERM)
            _wait_gone([process], STOP_WITHIN)
            _kill(family)
        self._sweep_strays(service)
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
        family = self._must_run(service)
        for member in family:
            # Postgres ends a session's process whenever a client leaves.
            with suppress(psutil.NoSuchProcess):
                member.suspend()
        deadline = time.monotonic() + PAUSED_WITHIN
        while not all(_stands_still(member) for member in family) and time.monotonic() < deadline:
            time.sleep(0.01)

    def resume(self, service: Service) -> None:
        """Send SIGCONT to the service and its children."""
        _resume(self._must_run(service))

    def inspect(self, service: Service) -> Observed:
        """Look at the pid file and at the process behind it."""
        process = self._process(service)
        if process is not None:
            with suppress(psutil.NoSuchProcess):
                if (self._noted(service) or {}).get("ports") != self.ports(service):
                    return Observed(State.MOVED, str(process.pid))
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
        return run_tool(program, self.launcher.tool(service, program, words), folder)

    def environment(self) -> dict[str, str]:
        """Return addresses and the password, as clients on this machine need them."""
        return self.launcher.client_environment()

    def wipe(self) -> None:
        """Delete data and logs; the password stays."""
        folders = ("data", "logs", "run", "prometheus")
        for folder in (self.settings.data / name for name in folders):
            with suppress(FileNotFoundError):
                shutil.rmtree(folder)

    # -- pid files ---------------------------------------------------------------------------

    def _owner(self, service: Service) -> str:
        return f"{self.settings.data}:{service.name}"

    def _log(self, service: Service) -> Path:
        return self.settings.logs / f"{service.name}.log"

    def _file(self, service: Service) -> Path:
        return self._run / f"{service.name}.json"

    def _noted(self, service: Service) -> dict[str, Any] | None:
        try:
            noted: dict[str, Any] = json.loads(self._file(service).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return noted

    def _note(self, service: Service, **facts: object) -> None:
        self._run.mkdir(parents=True, exist_ok=True)
        partial = self._file(service).with_suffix(".partial")
        partial.write_text(json.dumps(facts))
        partial.replace(self._file(service))

    def _process(self, service: Service) -> psutil.Process | None:
        """Return the noted process if it lives and is no stranger with a reused pid.

        It is ours if it was created when we noted it, or carries the service's mark. Neither would
        do alone: creation times jump with the clock when a laptop wakes up, and the environment
        cannot be read in the moment in which a program takes the place of the go-between.
        """
        noted = self._noted(service)
        process = _alive(int(noted["pid"])) if noted and "pid" in noted else None
        if noted is None or process is None:
            return None
        same_age = _created(process) == noted.get("created")
        return process if same_age or self._marked(service, process) else None

    def _marked(self, service: Service, process: psutil.Process) -> bool:
        try:
            return process.environ().get(OWNER) == self._owner(service)
        except (psutil.Error, OSError):
            return False

    def _must_run(self, service: Service) -> list[psutil.Process]:
        process = self._process(service)
        if process is None:
            raise LabError(f"{service.name} is not running.", next=f"lab restart {service.name}")
        return _family(process)

    def _sweep_strays(self, service: Service) -> None:
        """End processes of this very service that no pid file names any more."""
        for process in psutil.process_iter():
            if self._marked(service, process):
                _kill(_family(process))


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


def _resume(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.resume()


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait_gone(processes, KILLED_WITHIN)


def _created(process: psutil.Process) -> float | None:
    try:
        return float(process.create_time())
    except psutil.NoSuchProcess:
        return None


def _stands_still(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_STOPPED)
    except psutil.NoSuchProcess:
        return True


def _family(process: psutil.Process) -> list[psutil.Process]:
    """Return the process and all its children (Postgres is many processes)."""
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
