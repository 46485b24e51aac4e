"""A bundle brings the stack up on an empty Docker engine that has never seen a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lablib.bundle import load, save
from lablib.errors import LabError
from lablib.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
NOT_COMMITTED = (".git", ".venv", ".lab", ".env", "build", "work", "node_modules", "*cache*")
pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]

# A network namespace of its own: nothing but loopback, so that nothing can be fetched.
OFFLINE = r"""
set -eu
ip link set lo up
dockerd --data-root="$1/docker" --exec-root="$1/exec" --pidfile="$1/pid" --host="unix://$1/sock" >"$1/log" 2>&1 &
engine=$!
trap 'kill $engine; wait $engine' EXIT
export DOCKER_HOST="unix://$1/sock"
for _ in $(seq 100); do docker info >/dev/null 2>&1 && break; sleep 0.2; done
cd "$3"
make setup "BUNDLE=$2" "PYTHON=$PYTHON"
lab() { .venv/bin/lab "$@"; }
[ -z "$(docker image ls --quiet)" ]
lab bundle load "$2"
lab up
lab produce --count 500 --rate 0
lab verify
lab down --volumes
"""


def quiet(line: str) -> None:
    """Say nothing."""


@pytest.fixture
def engine() -> Iterator[Path]:
    """Give a folder for an engine; its path is short, because those of sockets must be."""
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.mark.usefixtures("docker_engine")
def test_a_room_without_a_network(
    engine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved here; there a bare copy, an empty engine, empty caches: sales arrive, exactly."""
    missing = [name for name in ("dockerd", "unshare", "ip") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        if os.environ.get("CI"):
            pytest.fail(f"CI must be root and have {missing}")
        pytest.skip(f"needs root, and {missing or 'nothing else'}")
    monkeypatch.setenv("LAB_STACK", "compose")
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "lab"))
    bundle = tmp_path / "bundle.tar"
    save(load_settings(), bundle, quiet)
    clone = tmp_path / "lab-kit"
    shutil.copytree(ROOT, clone, ignore=shutil.ignore_patterns(*NOT_COMMITTED))
    monkeypatch.delenv("LAB_DATA")
    monkeypatch.delenv("COMPOSE_PROJECT_NAME")
    monkeypatch.setenv("LAB_HOME", str(clone))
    monkeypatch.setenv("LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip"))
    monkeypatch.setenv("PYTHON", str(Path(sys.base_prefix, "bin", "python3")))
    command = ["unshare", "--net", "--mount", "bash", "-c", OFFLINE, "offline"]
    command += [str(engine), str(bundle), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=400)
    log = (engine / "log").read_text()[-1500:]
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{log}"
    assert "500 of 500 events acknowledged" in done.stdout
    assert (tmp_path / "cache" / "maven").is_dir()


def test_what_is_no_bundle_is_told(tmp_path: Path) -> None:
    """A missing file, a text, and a tar of something else each get an answer of their own."""
    settings = load_settings()
    with pytest.raises(LabError, match="no file"):
        load(settings, tmp_path / "nowhere.tar", quiet)
    text = tmp_path / "text.tar"
    text.write_text("hello")
    with pytest.raises(LabError, match="no bundle, or was cut short"):
        load(settings, text, quiet)
    other = tmp_path / "other.tar"
    subprocess.run(["tar", "-cf", other, "-C", tmp_path, "text.tar"], check=True)
    with pytest.raises(LabError, match=r"begins with text\.tar"):
        load(settings, other, quiet)
