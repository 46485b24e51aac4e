"""Command-line tools that come with a service, under the names that they have in its bin folder."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lablib.errors import LabError
from lablib.services import Service
from lablib.settings import Settings

TOOL_WITHIN = 60.0


@dataclass(frozen=True)
class Tool:
    """One line of ``stack/kafka/tools.txt``. ``asks`` is True if it needs a broker's address."""

    name: str
    main: str
    asks: bool


def find_tool(service: Service, program: str, settings: Settings) -> Tool:
    """Return a service's tool of that name, or say which there are."""
    lines = (settings.stack_files / "kafka" / "tools.txt").read_text().splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    tools = {row[0]: Tool(row[0], row[1], "broker" in row[2:]) for row in rows}
    if service.name != "kafka" or program not in tools:
        known = ", ".join(sorted(tools))
        raise LabError(f"{service.name} has no tool {program!r}.", f"kafka has: {known}")
    return tools[program]


def run_tool(program: str, command: Sequence[str], folder: Path | None = None) -> str:
    """Run a tool's command line and return what it prints.

    Raises:
        LabError: it failed, with its last lines, or did not end within a minute.
    """
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=TOOL_WITHIN, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(
            f"{program} did not end within {TOOL_WITHIN:.0f} s.", next="lab status, then repeat"
        ) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{program} failed.", "\n".join(said[-6:]), "lab status")
    return done.stdout
