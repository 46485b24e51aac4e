"""Programs of Debian packages: what is said where they cannot be had."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lablib import debian
from lablib.errors import LabError
from lablib.settings import Settings


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give an empty cache, and a path on which nothing is but what a test puts there."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return Settings(cache=tmp_path / "cache")


def put(settings: Settings, name: str, script: str) -> None:
    path = settings.cache.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_an_installed_program_is_taken_first(nowhere: Settings) -> None:
    """Under the name that its makers gave it, or Debian's; nothing is fetched."""
    put(nowhere, "prometheus-alertmanager", "exit 0")
    found = debian.program("alertmanager", nowhere)
    assert found == nowhere.cache.parent / "bin" / "prometheus-alertmanager"
    assert not debian.folder(nowhere).exists()


def test_without_apt_the_remedy_is_told(nowhere: Settings) -> None:
    """On a Mac, say: what to install, and that containers do without."""
    with pytest.raises(LabError) as caught:
        debian.program("prometheus", nowhere)
    assert "apt-get" in str(caught.value.seen)
    assert "brew install" in str(caught.value.next)
    assert "LAB_STACK=compose" in str(caught.value.next)


def test_without_a_network_the_reason_is_told(nowhere: Settings) -> None:
    """What apt says, and nothing is left half-made in the cache."""
    put(nowhere, "apt-get", "echo 'E: Failed to fetch: no network' >&2; exit 100")
    with pytest.raises(LabError, match="could not be fetched") as caught:
        debian.program("promtool", nowhere)
    assert "Failed to fetch: no network" in str(caught.value.seen)
    assert sorted(p.name for p in nowhere.cache.iterdir()) == ["debian.lock"]


def test_an_apt_that_hangs_is_given_up(nowhere: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A time-out is told as one."""
    monkeypatch.setattr(debian, "FETCHED_WITHIN", 0.2)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:/usr/bin:/bin")
    put(nowhere, "apt-get", "exec sleep 5")
    with pytest.raises(LabError) as caught:
        debian.program("amtool", nowhere)
    assert "timed out" in str(caught.value.seen)


@pytest.mark.slow
def test_what_was_unpacked_runs(tmp_path: Path) -> None:
    """Wherever it lies: Alertmanager finds its templates from the folder it is started in."""
    settings = Settings()
    path = debian.program("alertmanager", settings)
    config = tmp_path / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    command = [str(path), f"--config.file={config}", f"--storage.path={tmp_path}"]
    command += ["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]
    folder = debian.folder(settings)
    with subprocess.Popen(
        command, cwd=folder if folder.exists() else None, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        said = ""
        while "Listening on" not in said:
            line = server.stderr.readline()
            assert line, said
            said += line
        server.terminate()
