"""The `lab` command as a person uses it, wrong use included."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from lablib.backends.processes import OWNER
from lablib.connect import Connect
from lablib.pipeline import SINK
from lablib.reset import reset_pipeline
from lablib.services import SERVICES
from lablib.settings import load_settings
from lablib.stack import Stack
from tests.stack.test_services import eventually, lab

pytestmark = pytest.mark.stack
LAB = [sys.executable, "-m", "lablib.cli"]


def test_produce_then_verify(stack: Stack) -> None:
    """The two commands of the first lesson, and a third run that sends other sales than before."""
    reset_pipeline(stack)
    for _ in range(2):
        done = lab("produce", "--count", "200", "--rate", "0")
        assert "200 of 200 events acknowledged" in done.stdout, done.stderr
    done = lab("verify")
    assert done.returncode == 0, done.stdout
    assert re.search(r"table sales_raw\s+400\s+400\s+0", done.stdout), done.stdout


def test_verify_exits_with_1_when_a_row_is_missing(stack: Stack) -> None:
    """The exit code is for scripts, the evidence for people."""
    from lablib.postgres import connection

    reset_pipeline(stack)
    lab("produce", "--count", "20", "--rate", "0", "--seed", "77")
    assert lab("verify").returncode == 0
    with connection(stack) as session:
        session.execute("DELETE FROM sales_raw WHERE store_seq = 1")
    done = lab("verify")
    assert done.returncode == 1
    assert "missing: S" in done.stdout
    assert lab("reset", "--yes").returncode == 0
    assert lab("verify").returncode == 0, "after a reset everything agrees on nothing"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["produce", "--source", "nothing"], "no source 'nothing'"),
        (["produce", "--rate", "-5"], "cannot be negative"),
        (["produce", "--rate", "fast"], "valid number"),
        (["produce", "--rate", "1e12"], "safety cap"),
        (["produce", "--count", "-1"], "0 or more"),
        (["produce", "--rate", "5", "--speedup", "5"], "not both"),
        (["produce", "--invalid", "2"], "fraction from 0 to 1"),
        (
            ["produce", "--source", "online-retail", "--path", "/nowhere.csv"],
            "no file /nowhere.csv",
        ),
        (["logs", "postgre"], "postgres, kafka, connect, ksql, watchdog"),
        (["kill", "nobody"], "no service 'nobody'"),
        (["reset", "99_nothing"], "99_nothing"),
    ],
)
def test_wrong_use_is_answered(stack: Stack, words: list[str], says: str) -> None:
    """Each mistake is named, without a traceback, and the exit code is not 0."""
    done = lab(*words)
    assert done.returncode not in (0, None)
    text = " ".join((done.stdout + done.stderr).split())
    assert says in text
    assert "Traceback" not in text


def test_ctrl_c_while_sending_loses_nothing(stack: Stack) -> None:
    """What was sent before the interruption is waited for and entered; topic and table agree."""
    reset_pipeline(stack)
    command = [*LAB, "produce", "--count", "1000000", "--rate", "2000"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    from lablib.ledger import Ledger

    eventually(lambda: Ledger(settings=stack.settings).totals("sales").sent > 3000, "it sends")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Interrupted" in said
    totals = Ledger(settings=stack.settings).totals("sales")
    assert totals.sent == totals.acknowledged > 3000
    assert lab("verify").returncode == 0


def test_the_sink_is_registered_again_by_up(stack: Stack) -> None:
    """Somebody deleted the sink: `lab up` puts it back."""
    connect = Connect(stack.env["CONNECT_URL"])
    connect.delete(SINK)
    assert lab("up").returncode == 0
    assert connect.status(SINK).running


class TestAnotherCheckout:
    """A stack of its own beside the first one: other folder, other ports."""

    @pytest.fixture(params=["processes", "compose"])
    def elsewhere(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[Path]:
        if request.param == "compose":
            request.getfixturevalue("docker_engine")
        offset = load_settings().port_offset + 300
        monkeypatch.setenv("LAB_STACK", request.param)
        monkeypatch.setenv("LAB_DATA", str(tmp_path / "lab"))
        monkeypatch.setenv("LAB_PORT_OFFSET", str(offset))
        monkeypatch.setenv("COMPOSE_PROJECT_NAME", f"{load_settings().project}-elsewhere")
        yield tmp_path / "lab"
        done = lab("down", "--volumes")
        assert done.returncode == 0, done.stderr
        assert _left_over(tmp_path / "lab") == [], "no orphan may be left"

    def test_ctrl_c_at_every_stage_of_up(self, elsewhere: Path) -> None:
        """Interrupted early or late, the next `lab up` completes, and `lab down` leaves nobody."""
        for seconds in (0.0, 0.3, 0.8, 1.6, 3.0):
            process = subprocess.Popen([*LAB, "up"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"Backend")
            time.sleep(seconds)  # the stage at which it is interrupted, not a wait for something
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
            # In its very last moment Python has no handler left: a death by SIGINT, 130 to a shell.
            assert process.returncode in (0, 130, -signal.SIGINT), said
            assert b"Traceback" not in said
        done = lab("up")
        assert done.returncode == 0, done.stderr
        assert lab("status").returncode == 0
        # Compose has one more, which makes up the password and ends.
        core = [service for service in SERVICES if not service.optional]
        assert len(_left_over(elsewhere)) - len(core) in (0, 1)

    def test_a_busy_port_names_its_owner(self, elsewhere: Path) -> None:
        """The message says which service, which port, who has it, and how to move."""
        port = 15432 + load_settings().port_offset
        with socket.socket() as taken:
            # Connections of the test before may still linger on this port.
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", port))
            taken.listen()
            done = lab("up")
        assert done.returncode == 1
        assert f"postgres needs port {port}" in done.stderr
        assert f"pid {os.getpid()}" in done.stderr
        assert "LAB_PORT_OFFSET" in done.stderr

    @pytest.mark.parametrize("elsewhere", ["processes"], indirect=True)
    def test_a_folder_that_cannot_be_written(
        self, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A file stands where the folder should be: each command says so, without a traceback."""
        elsewhere.write_text("in the way")
        for words in (["up"], ["produce"], ["status"]):
            done = lab(*words)
            assert done.returncode == 1
            assert str(elsewhere) in done.stderr
            assert "Traceback" not in done.stderr
        elsewhere.unlink()

    @pytest.mark.parametrize("elsewhere", ["processes"], indirect=True)
    def test_without_a_network_the_first_start_says_what_to_do(
        self, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An empty cache and a dead proxy: the archive, the reason and the remedy are named."""
        monkeypatch.setenv("LAB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
        done = lab("up")
        assert done.returncode == 1
        assert "could not be fetched from Maven Central" in done.stderr
        assert "HTTPS_PROXY" in done.stderr
        found = lab("doctor")
        assert "Java archives" in found.stdout


def _left_over(data: Path) -> list[str]:
    """Return the marks of all living processes, and all containers, that belong to a data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            owner = process.environ().get(OWNER, "")
            if owner.startswith(f"{data}:") and process.status() != psutil.STATUS_ZOMBIE:
                found.append(owner)
        except psutil.Error:
            continue
    if shutil.which("docker"):
        mine = f"label=com.docker.compose.project={load_settings().project}"
        command = ["docker", "ps", "--all", "--format={{.Names}}", f"--filter={mine}"]
        found += subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return found
