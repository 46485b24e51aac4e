"""The guards themselves: notebooks that a runner calls green although they failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from lablib.execution import execute, faults, outcomes

pytestmark = [pytest.mark.timeout(120), pytest.mark.slow]
LAB = 'from lablib.lab import Lab\nlab = Lab("00_start_here")'
FINISH = "lab.finish()"

FAILING = {
    "error": ("1 / 0", "ZeroDivisionError"),
    "output widget": (
        "from ipywidgets import Output\nout = Output()\ndisplay(out)\nwith out:\n    1 / 0",
        "ZeroDivisionError",
    ),
    "hidden output widget": (
        "from ipywidgets import Output\nout = Output()\nwith out:\n    1 / 0",
        "ZeroDivisionError",
    ),
    "captured callback": (
        (
            "from ipywidgets import IntSlider, Output\nout = Output()\n"
            "@out.capture()\ndef move(change):\n    1 / 0\n"
            "slider = IntSlider()\nslider.observe(move, 'value')\nslider.value = 3"
        ),
        "ZeroDivisionError",
    ),
    "interact": (
        "from ipywidgets import interact\n@interact(x=1)\ndef f(x):\n    return 1 / 0",
        "ZeroDivisionError",
    ),
    "thread": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()",
        "in the background",
    ),
    "task": (
        (
            "import asyncio\nasync def f():\n    1 / 0\n"
            "asyncio.ensure_future(f())\nawait asyncio.sleep(0.05)"
        ),
        "in the background",
    ),
    "exit": ("import sys\nsys.exit(0)", "lab.finish()"),
    "killed kernel": ("import os\nos._exit(0)", "lab.finish()"),
    "endless cell": ("import time\ntime.sleep(60)", "lab.finish()"),
    "overwritten lab": ("lab.finish = lambda: None", "lab.finish()"),
}


def notebook(*cells: str) -> Any:
    """Return a notebook of these code cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel}
    )


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", str(Path(__file__).resolve().parents[2]))


@pytest.mark.parametrize(("source", "fragment"), FAILING.values(), ids=FAILING)
def test_a_failure_that_runners_miss_is_a_fault(source: str, fragment: str, tmp_path: Path) -> None:
    """Each kind of silent failure is reported, and what failed is named."""
    found = faults(execute(notebook(LAB, source, FINISH), tmp_path, cell_timeout=10))
    assert any(fragment in fault for fault in found), found


def test_a_sound_notebook_has_no_faults(tmp_path: Path) -> None:
    """Widgets, threads and printed warnings are no faults, and every verdict can be read."""
    source = (
        "import sys, threading\nfrom ipywidgets import Output, interact\n"
        "with Output():\n    print('fine')\ninteract(lambda x: x, x=2)\n"
        "t = threading.Thread(target=print)\nt.start(); t.join()\nprint('note', file=sys.stderr)"
    )
    executed = execute(notebook(LAB, source, FINISH), tmp_path)
    assert faults(executed) == []
    assert outcomes(executed) == {}


def test_a_notebook_without_the_last_cell_is_a_fault(tmp_path: Path) -> None:
    """A lab that was cut short cannot pass."""
    assert faults(execute(notebook(LAB), tmp_path)) == ["the last cell did not reach lab.finish()"]


@pytest.mark.parametrize("kind", ["error", "output widget", "interact"])
def test_nbval_is_a_second_gate(kind: str, tmp_path: Path) -> None:
    """nbval, with the options that the labs' tests use, fails where a widget swallowed an error."""
    path = tmp_path / "bad.ipynb"
    nbformat.write(notebook(LAB, FAILING[kind][0], FINISH), path)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-c", os.devnull, str(path)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 1, done.stdout
    assert "ZeroDivisionError" in done.stdout
