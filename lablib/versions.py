"""Versions of everything the stack runs, read from ``stack/versions.env``."""

from __future__ import annotations

from pathlib import Path


def versions(path: Path) -> dict[str, str]:
    """Return ``NAME -> version`` from an env file of ``NAME=value`` lines; ``#`` starts a comment."""
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return {pair[0]: pair[1] for pair in pairs}
