"""The package's public names are what they say."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import lablib

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", lablib.__all__)
def test_a_public_name_is_the_thing_and_not_its_module(name: str) -> None:
    """`from lablib import x` gives the class or function, also after its module was imported."""
    thing = getattr(lablib, name)
    assert callable(thing)
    assert getattr(import_module(thing.__module__), name) is thing
    assert getattr(lablib, name) is thing


def test_every_public_name_is_used_in_a_lab() -> None:
    """The list is the syllabus: what no lab imports does not belong in it."""
    imported = {
        alias.name
        for path in (ROOT / "solutions").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "lablib"
        for alias in node.names
    }
    assert set(lablib.__all__) - imported == set()


def test_the_command_does_not_wait_for_pandas() -> None:
    """Heavy packages are imported when they are used: `lab status` must stay quick."""
    code = "import sys, lablib.cli, lablib.stack; print([m for m in ('pandas', 'IPython') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
