"""Choose the backend: Compose where a Docker engine answers, processes elsewhere."""

from __future__ import annotations

import subprocess

from lablib.backends import Backend
from lablib.docker import engine_answers
from lablib.settings import Settings


def select_backend(settings: Settings) -> Backend:
    """Return the backend that ``LAB_STACK`` names; ``auto`` takes the one that works here.

    A stack that already runs as processes stays so: its ports are taken, and its data are there.
    """
    from lablib.backends.processes import Processes

    if settings.stack == "processes":
        return Processes(settings)
    if settings.stack == "attached":
        from lablib.backends.attached import Attached

        return Attached()
    if settings.stack == "auto":
        processes = Processes(settings)
        if processes.in_use() or not compose_works():
            return processes
    from lablib.backends.compose import Compose

    return Compose(settings)


def compose_works() -> bool:
    """Return whether a Docker engine answers here, and Compose with it."""
    if not engine_answers()[0]:
        return False
    command = ["docker", "compose", "version"]
    return not subprocess.run(command, capture_output=True, check=False).returncode
