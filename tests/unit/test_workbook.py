"""Learners' copies: made, renewed, and never taken away."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from lablib.errors import LabError
from lablib.settings import Settings
from lablib.workbook import copy_labs, reset_lab, stamp


def publish(home: Path, text: str) -> bytes:
    """Put a lab with one cell into a checkout, as the generator does."""
    cell = nbformat.v4.new_code_cell(text, id="one")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    notebook.metadata["lab_kit"] = {"stamp": stamp(notebook)}
    (home / "labs").mkdir(exist_ok=True)
    nbformat.write(notebook, home / "labs" / "04_kraft.ipynb")
    return (home / "labs" / "04_kraft.ipynb").read_bytes()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A checkout with one lab."""
    publish(tmp_path, "x = ...")
    return Settings(home=tmp_path, data=tmp_path / ".lab")


def work(settings: Settings) -> Path:
    """Return the path of the learner's copy."""
    return settings.home / "work" / "04_kraft.ipynb"


def change(path: Path, **fields: object) -> None:
    """Change fields of the copy's cell, as a learner does."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].update(fields)
    nbformat.write(notebook, path)


def test_a_copy_is_made_once(settings: Settings) -> None:
    """The first call copies, the second finds nothing to do."""
    assert [copy.state for copy in copy_labs(settings)] == ["new"]
    assert [copy.state for copy in copy_labs(settings)] == ["current"]
    assert work(settings).read_bytes() == (settings.home / "labs/04_kraft.ipynb").read_bytes()


def test_an_untouched_copy_follows_the_lab(settings: Settings) -> None:
    """A copy that was only opened and saved is renewed when the lab is."""
    copy_labs(settings)
    change(work(settings), metadata={"collapsed": False})
    newer = publish(settings.home, "y = ...")
    assert [copy.state for copy in copy_labs(settings)] == ["updated"]
    assert work(settings).read_bytes() == newer


@pytest.mark.parametrize("fields", [{"source": "x = 1"}, {"execution_count": 1}])
def test_the_learners_work_is_left_alone(settings: Settings, fields: dict[str, object]) -> None:
    """A copy that was edited, or only run, is never replaced; a newer lab is told of."""
    copy_labs(settings)
    change(work(settings), **fields)
    mine = work(settings).read_bytes()
    assert [copy.state for copy in copy_labs(settings)] == ["yours"]
    publish(settings.home, "y = ...")
    assert [copy.state for copy in copy_labs(settings)] == ["older"]
    assert work(settings).read_bytes() == mine


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}'])
def test_a_broken_copy_is_the_learners_too(settings: Settings, text: str) -> None:
    """Nothing is taken away only because it cannot be read."""
    copy_labs(settings)
    work(settings).write_text(text)
    assert [copy.state for copy in copy_labs(settings)] == ["older"]
    assert work(settings).read_text() == text


@pytest.mark.parametrize("name", ["04_kraft", "04", "4"])
def test_a_reset_keeps_the_old_copy(settings: Settings, name: str) -> None:
    """A reset gives a fresh copy, and each old one stays under a name of its own."""
    assert reset_lab(name, settings) == (work(settings), None)
    for text in ("x = 1", "x = 2"):
        change(work(settings), source=text)
        copy, backup = reset_lab(name, settings)
        assert copy.read_bytes() == (settings.home / "labs/04_kraft.ipynb").read_bytes()
        assert backup is not None
        assert text in backup.read_text()
    assert len(list(work(settings).parent.glob("04_kraft.backup-*.ipynb"))) == 2


def test_an_unknown_lab_is_answered_with_the_known_ones(settings: Settings) -> None:
    """A mistyped number is not a traceback."""
    with pytest.raises(LabError, match="04_kraft"):
        reset_lab("44", settings)


def test_a_fresh_copy_forgets_the_predictions(settings: Settings) -> None:
    """Who begins a lab anew is not told what they said the last time."""
    stem = next(iter((settings.home / "labs").glob("*.ipynb"))).stem
    file = settings.data / "predictions" / f"{stem}.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"arrival": "a"}')
    reset_lab(stem, settings)
    assert not file.exists()
