"""The process backend on small programs: pids, signals, ports, logs, and nobody left over."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from lablib.artifacts import Artifacts
from lablib.backends import State, processes
from lablib.backends.launch import Launch, Launcher
from lablib.backends.processes import Processes
from lablib.errors import LabError, PortBusy
from lablib.services import Service
from lablib.settings import Settings

CHILD = "import time; print('child', flush=True); time.sleep(60)"
PARENT = f"""
import subprocess, sys, time
print('hello from', sys.argv[0], flush=True)
subprocess.Popen([sys.executable, '-c', {CHILD!r}])
time.sleep(60)
"""


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


class Programs(Launcher):
    """Launches one program, whatever the service: a sleeping one with a sleeping child."""

    def __init__(self, settings: Settings, command: list[str]) -> None:
        super().__init__(settings, Artifacts(settings))
        self.command = command

    def launch(self, service: Service) -> Launch:
        return Launch(self.command)


@pytest.fixture
def service() -> Service:
    return Service("sleeper", "sleeps", free_port())


@pytest.fixture
def backend(tmp_path: Path, service: Service) -> Iterator[Processes]:
    running = Processes(Settings(data=tmp_path / "lab", port_offset=0))
    for folder in ("run", "logs"):
        (tmp_path / "lab" / folder).mkdir(parents=True)
    running.launcher = Programs(running.settings, [sys.executable, "-c", PARENT])
    yield running
    running.stop(service)


def eventually(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def family(backend: Processes, service: Service) -> list[psutil.Process]:
    process = psutil.Process(int(backend.inspect(service).identity))
    eventually(process.children, "the program has its child")
    return [process, *process.children()]


def test_a_service_outlives_its_starter_and_is_found_again(
    backend: Processes, service: Service
) -> None:
    """It is nobody's child, and another backend object on the same folder sees the same pid."""
    backend.start(service)
    seen = backend.inspect(service)
    other = Processes(backend.settings)
    assert other.inspect(service) == seen
    assert psutil.Process(int(seen.identity)).ppid() != os.getpid()


def test_stop_ends_the_whole_family(backend: Processes, service: Service) -> None:
    """Children of a service go with it."""
    backend.start(service)
    members = family(backend, service)
    backend.stop(service)
    assert backend.inspect(service).state is State.STOPPED
    assert [m for m in members if m.is_running() and m.status() != psutil.STATUS_ZOMBIE] == []


def test_killed_and_crashed_are_told_apart(backend: Processes, service: Service) -> None:
    """Killed through lab is on purpose; killed from outside is a crash."""
    backend.start(service)
    members = family(backend, service)
    os.kill(members[0].pid, signal.SIGKILL)
    eventually(lambda: backend.inspect(service).state is State.CRASHED, "the crash is seen")
    members[1].kill()
    backend.start(service)
    backend.kill(service)
    assert backend.inspect(service).state is State.KILLED
    with pytest.raises(LabError, match="sleeper is not running"):
        backend.kill(service)


def test_pause_and_resume(backend: Processes, service: Service) -> None:
    """A paused service and its child stand still, and go on."""
    backend.start(service)
    members = family(backend, service)
    backend.pause(service)
    assert backend.inspect(service).state is State.PAUSED
    eventually(lambda: {m.status() for m in members} == {psutil.STATUS_STOPPED}, "both stand still")
    backend.resume(service)
    assert backend.inspect(service).state is State.RUNNING


def test_a_reused_pid_is_not_taken_for_ours(backend: Processes, service: Service) -> None:
    """A pid file that names a living stranger (here: this test) counts as a crash."""
    backend._note(service, pid=os.getpid(), created=12345.0)
    assert backend.inspect(service).state is State.CRASHED


def test_a_lost_pid_file_does_not_double_the_service(backend: Processes, service: Service) -> None:
    """The stray from before is ended when the service starts again."""
    backend.start(service)
    stray = psutil.Process(int(backend.inspect(service).identity))
    (backend.settings.data / "run" / "sleeper.json").unlink()
    backend.start(service)
    assert not stray.is_running() or stray.status() == psutil.STATUS_ZOMBIE
    assert backend.inspect(service).identity != str(stray.pid)


def test_prometheus_asks_a_service_until_it_is_stopped(backend: Processes, tmp_path: Path) -> None:
    """Killed or crashed, it stays a target: that it does not answer is what there is to see."""
    service = Service("sleeper-exporter", "sleeps", free_port(), metrics=19555)
    target = backend.launcher.targets / "sleeper-exporter.json"
    backend.start(service)
    (told,) = json.loads(target.read_text())
    assert told == {
        "targets": ["127.0.0.1:19555"],
        "labels": {"job": "sleeper", "instance": "sleeper"},
    }
    backend.kill(service)
    assert target.exists()
    backend.stop(service)
    assert not target.exists()


def test_the_log_holds_what_the_service_said(backend: Processes, service: Service) -> None:
    """Each start leaves a line; output of service and child follows; the end can be read by name."""
    backend.start(service)
    eventually(lambda: "child" in backend.logs(service, 10), "the child's line is in the log")
    assert backend.logs(service, 10)[0].startswith("--- started ")
    assert backend.logs(service, 1) == [backend.logs(service, 10)[-1]]


def test_a_busy_port_is_refused_with_its_owner(backend: Processes, service: Service) -> None:
    """Nothing is started, and the message names this very process."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", service.port))
        taken.listen()
        with pytest.raises(PortBusy, match=f"pid {os.getpid()}"):
            backend.start(service)
    assert backend.inspect(service).state is State.STOPPED


def test_a_command_that_cannot_run_leaves_its_reason_in_the_log(
    backend: Processes, service: Service
) -> None:
    """A missing program is a crash whose log says what is missing."""
    backend.launcher = Programs(backend.settings, ["/no/such/program"])
    backend.start(service)
    eventually(lambda: backend.inspect(service).state is State.CRASHED, "the crash is seen")
    eventually(
        lambda: any(
            "/no/such/program" in x or "No such file" in x for x in backend.logs(service, 20)
        ),
        "the log says why",
    )


def test_a_child_that_has_just_ended_does_not_matter(
    backend: Processes, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres ends a session's process at any time, also between listing and signalling it."""
    backend.start(service)
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    gone = psutil.Process(ended.pid)
    ended.wait()
    monkeypatch.setattr(processes, "_family", lambda process: [process, gone])
    backend.pause(service)
    assert backend.inspect(service).state is State.PAUSED
    backend.resume(service)
    assert backend.inspect(service).state is State.RUNNING
