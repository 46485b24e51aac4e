"""A real stack per backend for the whole test run, apart from the learner's own: other folder, other ports."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from lablib.docker import engine_answers
from lablib.pipeline import install
from lablib.reset import reset_pipeline
from lablib.settings import load_settings
from lablib.stack import Stack

ROOT = Path(__file__).resolve().parent.parent
REAL_DATA = Path(
    os.environ.get("LAB_ONLINE_RETAIL", ROOT.parent / "shared" / "data" / "online-retail.csv.gz")
)
# Settings are read when they are used. Processes and notebook kernels that tests start inherit this;
# so do pytest's workers from the process that starts them, and each moves away from the others.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
OFFSET, PROJECT = os.environ.setdefault(
    "LAB_TESTS_BESIDE", f"{load_settings().port_offset} {load_settings().project}"
).split()
os.environ["LAB_HOME"] = str(ROOT)
os.environ["LAB_PORT_OFFSET"] = str(int(OFFSET) + 5000 + 1500 * int(WORKER.removeprefix("gw")))
os.environ["LAB_DATA"] = str(ROOT / ".lab" / f"test-{WORKER}")
os.environ["COMPOSE_PROJECT_NAME"] = f"{PROJECT}-test-{WORKER}"
os.environ["LAB_STACK"] = "processes"


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """Need a Docker engine: without one the test is skipped, but not in CI."""
    answers, seen = engine_answers()
    if not answers and os.environ.get("CI"):
        pytest.fail(f"CI must have a Docker engine; .ci/run starts one ({seen})")
    if not answers:
        pytest.skip(f"no Docker engine here ({seen})")


@pytest.fixture(scope="session", params=["processes", "compose"])
def stack(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """Give a stack that is up, with the sales pipeline; it is ended and emptied after the run.

    Every test that asks for it runs on both backends. Programs and kernels that a test starts
    inherit the choice.
    """
    if request.param == "compose":
        request.getfixturevalue("docker_engine")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_STACK", request.param)
        running = Stack()
        running.wipe()
        # Images and caches of what is optional are made here, and not while a lab's cell waits.
        running.up("ksql", "metrics")
        running.stop("metrics")
        running.stop("ksql")
        install(running)
        yield running
        running.wipe()


@pytest.fixture
def empty(stack: Stack) -> Iterator[Stack]:
    """Give the stack with an empty pipeline."""
    stack.up()
    reset_pipeline(stack)
    yield stack
    stack.up()


@pytest.fixture
def real_data() -> Path:
    """Give the real sales; where they are missing the test is skipped, but not in CI."""
    if not REAL_DATA.exists():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have {REAL_DATA}")
        pytest.skip(f"{REAL_DATA} is not here; set LAB_ONLINE_RETAIL to a local copy")
    return REAL_DATA


on_processes = pytest.mark.parametrize("stack", ["processes"], indirect=True)
on_compose = pytest.mark.parametrize("stack", ["compose"], indirect=True)


class ByBackend(LoadScopeScheduling):  # type: ignore[misc, unused-ignore]
    """Keeps on one worker the tests that share a backend, and those of the labs about Docker."""

    def _split_scope(self, nodeid: str) -> str:
        """Return what a test belongs to: read off its parameters, else its file."""
        path, _, name = nodeid.partition("::")
        if "TestOnDocker" in name:
            return "labs about Docker"
        if found := re.search(r"[\[-](processes|compose)[\]-]", name):
            return found[1]
        return "compose" if "compose" in path or "bundle" in path else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByBackend:
    """Let pytest-xdist ask the class above."""
    return ByBackend(config, log)
