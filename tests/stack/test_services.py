"""The contract of a stack: what every backend does with services."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import psutil
import psycopg
import pytest

from lablib.backends.processes import OWNER
from lablib.errors import LabError
from lablib.stack import ServiceStatus, Stack
from tests.conftest import on_compose, on_processes

pytestmark = pytest.mark.stack


def state(stack: Stack, name: str) -> ServiceStatus:
    return next(s for s in stack.status() if s.name == name)


def eventually(
    condition: Callable[[], bool],
    what: str,
    within: float = 60.0,
    seen: Callable[[], object] = lambda: "",
) -> None:
    """Wait for a condition; say what did not come true, and what was seen instead."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what} {seen()}"
        time.sleep(0.1)


def lab(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the `lab` command in a process of its own."""
    command = [sys.executable, "-m", "lablib.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def incarnation(stack: Stack, name: str) -> tuple[int, float]:
    """Tell one run of a service from the next: the pid of its first process, and when that began."""
    identity = state(stack, name).pid
    if stack.backend.name == "compose":
        identity = docker("inspect", "--format={{.State.Pid}}", identity).strip()
    return int(identity), psutil.Process(int(identity)).create_time()


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout


def test_a_second_process_sees_the_same_stack(stack: Stack) -> None:
    """`lab status --json` of another process shows the very pids, ready and with their ports."""
    done = lab("status", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [s.as_dict() for s in stack.status()]
    assert all(s.ready for s in stack.status())


@pytest.mark.parametrize("name", ["postgres", "kafka", "connect", "watchdog"])
def test_kill_and_restart(stack: Stack, name: str) -> None:
    """A killed service is seen as killed, stays down, and comes back as a new process."""
    before = incarnation(stack, name)
    stack.kill(name)
    assert (state(stack, name).state, state(stack, name).ready) == ("killed", False)
    with pytest.raises(LabError, match=f"{name} is not running"):
        stack.kill(name)
    stack.restart(name)
    assert state(stack, name).ready
    assert incarnation(stack, name) != before


@pytest.mark.parametrize("name", ["postgres", "kafka", "connect"])
def test_pause_and_resume(stack: Stack, name: str) -> None:
    """A paused service keeps its pid and answers nobody until it goes on."""
    before = state(stack, name)
    stack.pause(name)
    paused = state(stack, name)
    assert (paused.state, paused.ready, paused.pid) == ("paused", False, before.pid)
    stack.resume(name)
    stack.wait_ready(name)
    assert state(stack, name).pid == before.pid


def test_up_heals_whatever_is_down(stack: Stack) -> None:
    """After a kill, a stop and a pause one `lab up` makes everything ready again."""
    stack.stop("watchdog")
    stack.kill("connect")
    stack.pause("postgres")
    done = lab("up")
    assert done.returncode == 0, done.stderr
    assert [s.name for s in stack.status() if not s.ready] == []


def kill_from_outside(stack: Stack, name: str) -> None:
    """Kill a service as the system would, and return when it is back."""
    before = incarnation(stack, name)
    os.kill(before[0], signal.SIGKILL)
    eventually(
        lambda: state(stack, name).ready and incarnation(stack, name) != before, f"{name} is back"
    )


def test_what_was_killed_from_outside_comes_back(stack: Stack) -> None:
    """A service that dies without lab's doing is started again by nobody's hand."""
    kill_from_outside(stack, "postgres")


@on_processes
def test_the_watchdog_tells_what_it_revived(stack: Stack) -> None:
    """Its log and its metrics name the service."""
    kill_from_outside(stack, "postgres")
    eventually(  # the line comes after the start
        lambda: any("started postgres again" in line for line in stack.logs("watchdog", 20)),
        "the watchdog's log names postgres",
        10,
    )
    metrics = httpx.get(f"{stack.env['WATCHDOG_URL']}/metrics", trust_env=False).text
    assert 'lab_watchdog_restarts_total{name="postgres",what="service"}' in metrics


def test_clients_connect_with_what_env_prints(stack: Stack) -> None:
    """The DSN of `lab env` works over TCP, and a wrong password does not."""
    values = dict(line.split("=", 1) for line in lab("env").stdout.splitlines())
    assert values == json.loads(lab("env", "--json").stdout)
    with psycopg.connect(values["POSTGRES_DSN"]) as connection:
        row = connection.execute("SELECT current_user, current_database()").fetchone()
    assert row == (values["POSTGRES_USER"], values["POSTGRES_DB"])
    wrong = values["POSTGRES_DSN"].replace(values["POSTGRES_PASSWORD"], "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_everything_listens_on_loopback_only(stack: Stack) -> None:
    """No service can be reached from another machine."""
    ports = {s.port for s in stack.status()}
    pids = {int(s.pid) for s in stack.status() if s.pid.isdigit()}
    listening = [
        (getattr(c.laddr, "ip", "?"), getattr(c.laddr, "port", 0))
        for c in psutil.net_connections("inet")
        if c.status == psutil.CONN_LISTEN
        and (c.pid in pids or getattr(c.laddr, "port", 0) in ports)
    ]
    assert ports <= {port for _, port in listening}
    assert {ip for ip, _ in listening} <= {"127.0.0.1", "::ffff:127.0.0.1"}


@on_processes
def test_secrets_are_for_the_owner_only(stack: Stack) -> None:
    """The password's file has mode 0600."""
    folder = stack.settings.data / "secrets"
    assert [oct(p.stat().st_mode & 0o777) for p in folder.iterdir()] == ["0o600"]


@on_compose
def test_secrets_are_files_and_no_variables(stack: Stack) -> None:
    """The password's file has mode 0600, and `docker inspect` does not show what is in it."""
    names = [s.pid for s in stack.status()]
    mode = docker("exec", state(stack, "postgres").pid, "stat", "-c%a", "/run/lab-secrets/password")
    assert mode.strip() == "600"
    assert stack.env["POSTGRES_PASSWORD"] not in docker("inspect", *names)


@pytest.mark.parametrize("name", ["kafka", "connect"])
def test_a_log_tells_what_a_server_does(stack: Stack, name: str) -> None:
    """Not only errors: a learner who reads the log sees the server work."""
    assert any(" INFO " in line for line in stack.logs(name, 2000))


def test_the_password_is_in_no_log(stack: Stack) -> None:
    """No log and no registered connector shows the password."""
    password = stack.env["POSTGRES_PASSWORD"]
    logs = [line for s in stack.services for line in stack.logs(s.name, 10**6)]
    config = httpx.get(f"{stack.env['CONNECT_URL']}/connectors/sales-sink", trust_env=False).text
    assert not [line for line in (*logs, config) if password in line]


@on_processes
def test_a_lost_pid_file_leaves_no_orphan(stack: Stack) -> None:
    """A process whose file vanished is found by its mark and replaced, not doubled."""
    owner = f"{stack.settings.data}:watchdog"
    (stack.settings.data / "run" / "watchdog.json").unlink()
    stack.up()
    running = [p.pid for p in psutil.process_iter() if _owner(p) == owner]
    assert running == [int(state(stack, "watchdog").pid)]


def _owner(process: psutil.Process) -> str | None:
    try:
        alive = process.status() != psutil.STATUS_ZOMBIE
        return process.environ().get(OWNER) if alive else None
    except psutil.Error:
        return None


def test_a_services_own_tools(stack: Stack) -> None:
    """Kafka's tools run beside the broker; a wrong name and a wrong file are answered."""
    quorum = stack.tool("kafka", "kafka-metadata-quorum", "describe", "--status")
    assert "LeaderId:" in quorum
    log = "__cluster_metadata-0/*.log"
    dump = stack.tool("kafka", "kafka-dump-log", "--cluster-metadata-decoder", "--files", log)
    assert '"type":"TOPIC_RECORD"' in dump
    with pytest.raises(LabError, match="kafka-dump-log, kafka-get-offsets"):
        stack.tool("kafka", "kafka-make-coffee")
    with pytest.raises(LabError, match=r"No file fits nowhere/\*"):
        stack.tool("kafka", "kafka-dump-log", "--files", "nowhere/*")
    with pytest.raises(LabError, match="kafka-dump-log failed"):
        stack.tool("kafka", "kafka-dump-log", "--frobnicate")
