"""Write what can be read off the code: ``stack/README.md``'s table and ``docs/reference.md``."""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import typer

import lablib
from lablib.cli import app
from lablib.services import services_table
from lablib.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- begin: made by make docs -->\n", "<!-- end -->"


def stack_readme(text: str) -> str:
    """Return the page with the table between its markers renewed."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return before + BEGIN + services_table() + END + after


def reference() -> str:
    """Return the reference of the command, the settings and the package."""
    lines = [
        "# Reference",
        "",
        "Made from the code by `make docs`.",
        "",
        "## The command `lab`",
        "",
    ]
    group: Any = typer.main.get_command(app)
    commands = [
        (f"{name} {inner}".strip(), sub)
        for name, command in group.commands.items()
        for inner, sub in getattr(command, "commands", {"": command}).items()
    ]
    for name, command in commands:
        lines += [f"### lab {name}", "", (command.help or "").strip(), ""]
        for parameter in command.params:
            words = (
                ", ".join(parameter.opts) if parameter.opts[0][0] == "-" else parameter.name.upper()
            )
            lines.append(f"- `{words}`: {getattr(parameter, 'help', '') or ''}")
        lines.append("")
    lines += ["## Settings", "", "Environment variables, or lines in the file `.env`.", ""]
    for name, field in Settings.model_fields.items():
        lines.append(f"- `LAB_{name.upper()}`: {field.description}")
    lines += ["", "## The package `lablib`", ""]
    for name in lablib.__all__:
        thing = getattr(lablib, name)
        summary = (inspect.getdoc(thing) or "").splitlines()[0]
        lines.append(f"- `{name}` ({thing.__module__}): {summary}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the files; with ``--check`` only tell which are not current."""
    readme = ROOT / "stack" / "README.md"
    pages = {readme: stack_readme(readme.read_text()), ROOT / "docs" / "reference.md": reference()}
    stale = [path for path, text in pages.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not current. Try: make docs")
        return 1 if stale else 0
    for path, text in pages.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
