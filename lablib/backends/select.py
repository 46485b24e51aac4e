"""Choose the backend: Compose where a Docker engine answers, processes elsewhere."""

from __future__ import annotations

from lablib.backends import Backend
from lablib.backends.processes import Processes
from lablib.errors import LabError
from lablib.settings import Settings


def select_backend(settings: Settings) -> Backend:
    """Return the backend that ``LAB_STACK`` names; ``auto`` takes the one that works here."""
    if settings.stack == "compose":
        raise LabError(
            "The Compose backend is not part of this version.",
            "LAB_STACK=compose",
            "unset LAB_STACK, or set it to processes: the same servers without Docker",
        )
    return Processes(settings)
