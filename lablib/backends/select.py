"""Choose the backend: Compose where a Docker engine answers, processes elsewhere."""

from __future__ import annotations

from pathlib import Path

from lablib.backends import Backend
from lablib.docker import compose_works
from lablib.errors import LabError
from lablib.settings import Settings


def select_backend(settings: Settings) -> Backend:
    """Return the backend that ``LAB_STACK`` names; ``auto`` takes the one that works here.

    Once a stack has been up, ``auto`` stays with its backend until ``lab down --volumes``: the data
    are there.

    Raises:
        LabError: the data are in Docker, and no engine answers.
    """
    chosen = _auto(settings) if settings.stack == "auto" else settings.stack
    if chosen == "attached":
        from lablib.backends.attached import Attached

        return Attached()
    if chosen == "compose":
        from lablib.backends.compose import Compose

        return Compose(settings)
    from lablib.backends.processes import Processes

    return Processes(settings)


def _auto(settings: Settings) -> str:
    note = backend_note(settings)
    used = note.read_text().strip() if note.exists() else ""
    if used == "compose" and not compose_works():
        raise LabError(
            "The data of this checkout are in Docker, and no Docker engine answers.",
            f"{note} says: {used}",
            "start Docker; or begin with an empty stack without it: LAB_STACK=processes",
        )
    return used or ("compose" if compose_works() else "processes")


def backend_note(settings: Settings) -> Path:
    """Return the file that says which backend has this checkout's data."""
    return settings.data / "backend"
