"""JupyterLab for this checkout: its own settings, nothing of the user's is touched."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from lablib.ports import HOST
from lablib.settings import Settings


def jupyter_command(settings: Settings, *, browser: bool = True, port: int = 8888) -> list[str]:
    """Return the command that opens JupyterLab at the learner's own copies.

    Run it with `jupyter_environment`. The port moves with the checkout's ``port_offset``.
    """
    start = "work/00_start_here.ipynb"
    # In a container the outside reaches only what listens on all its interfaces; Compose publishes
    # the port on 127.0.0.1.
    address = "0.0.0.0" if settings.stack == "attached" else HOST  # noqa: S104
    command = [sys.executable, "-m", "jupyterlab", f"--ip={address}"]
    command += [f"--port={port + settings.port_offset}", f"--ServerApp.root_dir={settings.home}"]
    if (settings.home / start).exists():
        command.append(f"--LabApp.default_url=/lab/tree/{start}")
    if os.geteuid() == 0:
        command.append("--allow-root")
    return command if browser else [*command, "--no-browser"]


def jupyter_environment(settings: Settings) -> dict[str, str]:
    """Return the environment for `jupyter_command`.

    It puts the `lab` command on the path, adds this checkout's settings to Jupyter's search path (a double click on a solution opens
    it as a notebook) and tells kernels which checkout they belong to.
    """
    ours = str(settings.stack_files / "jupyter")
    paths: Sequence[str] = [ours, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
    return {
        **os.environ,
        # So that `lab` is found in JupyterLab's terminal.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "JUPYTER_CONFIG_PATH": os.pathsep.join(paths),
        "LAB_HOME": str(settings.home),
    }
