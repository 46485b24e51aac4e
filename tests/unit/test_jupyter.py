"""JupyterLab is started with this checkout's settings and nobody else's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lablib.jupyter import jupyter_command, jupyter_environment
from lablib.settings import Settings, load_settings

ASK = """
import json
from jupyterlab_server.settings_utils import _get_overrides
print(json.dumps(_get_overrides("nowhere")[0]))
"""


def test_a_solution_opens_as_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterLab itself finds the setting, and still reads the user's own path too."""
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    environment = jupyter_environment(load_settings())
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True
    )
    viewers = json.loads(done.stdout)["@jupyterlab/docmanager-extension:plugin"]["defaultViewers"]
    assert viewers == {"python": "Jupytext Notebook"}
    assert environment["JUPYTER_CONFIG_PATH"].endswith(str(tmp_path))


def test_the_server_listens_on_this_machine_only(tmp_path: Path) -> None:
    """Its address is the loopback, its port moves with the checkout."""
    settings = Settings(home=tmp_path, port_offset=7)
    command = jupyter_command(settings, browser=False)
    assert {"--ip=127.0.0.1", "--port=8895", "--no-browser"} <= set(command)


def test_it_opens_at_the_first_lab_when_there_is_one(tmp_path: Path) -> None:
    """Without copies, JupyterLab opens at its launcher instead of an error."""
    settings = Settings(home=tmp_path, data=tmp_path / ".lab")
    assert not any("default_url" in part for part in jupyter_command(settings))
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "00_start_here.ipynb").touch()
    assert "--LabApp.default_url=/lab/tree/work/00_start_here.ipynb" in jupyter_command(settings)
