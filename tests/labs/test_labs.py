"""Every lab keeps its promises: solved by its solution, harmless when untouched, hard to fool."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest

from lablib.checks import Case, Exercise, exercises
from lablib.execution import execute, faults, outcomes
from tests.conftest import on_compose, on_processes
from tools.build_labs import METADATA, main

ROOT = Path(__file__).resolve().parents[2]
STEMS = [path.stem for path in sorted(ROOT.glob("solutions/[0-9]*.py"))]
EXERCISES = [(stem, item) for stem in STEMS for item in exercises(stem).values()]


def numbered(kind: str) -> list[Any]:
    """Return every case of that kind with its exercise; a number names it in the test's name."""
    return [
        pytest.param(item, case, id=f"{stem}-{item.name}-{number}")
        for stem, item in EXERCISES
        for number, case in enumerate(getattr(item, kind), 1)
    ]


ON_DOCKER = [
    stem for stem in STEMS if "docker_client()" in (ROOT / f"solutions/{stem}.py").read_text()
]

needs_servers = [pytest.mark.stack, pytest.mark.timeout(300)]
each_lab = pytest.mark.parametrize("stem", STEMS)
each_lab_on_the_stack = pytest.mark.parametrize("stem", [s for s in STEMS if s not in ON_DOCKER])
each_lab_on_docker = pytest.mark.parametrize("stem", ON_DOCKER)


def name(value: object) -> str:
    """Return a test's name for a stem or an exercise."""
    return value.name if isinstance(value, Exercise) else str(value)


def verdicts(notebook: Any) -> dict[str, str]:
    """Return the outcome of each exercise."""
    return {exercise: found["outcome"] for exercise, found in outcomes(notebook).items()}


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that run in a temporary folder work for this checkout."""
    monkeypatch.setenv("LAB_HOME", str(ROOT))


@each_lab
def test_the_lab_is_generated_from_its_solution(
    stem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The committed notebook is what the generator makes, and the solution keeps the rules."""
    status = main(["--check", stem])
    assert status == 0, capsys.readouterr().err


def test_every_lab_has_a_solution() -> None:
    """No notebook is left over from a lab that was renamed."""
    assert {path.stem for path in ROOT.glob("labs/*.ipynb")} == set(STEMS)


@pytest.mark.parametrize(("stem", "exercise"), EXERCISES, ids=name)
def test_every_exercise_knows_wrong_answers(stem: str, exercise: Exercise) -> None:
    """An exercise has at least two wrong answers, each with a piece of its hint, and 3 hints."""
    assert len(exercise.wrong) >= 2
    assert all(case.hint for case in exercise.wrong)
    assert len(set(exercise.hints)) == 3


@pytest.mark.parametrize(("exercise", "case"), numbered("wrong"))
def test_a_wrong_answer_gets_the_hint_that_fits(exercise: Exercise, case: Case) -> None:
    """A known wrong answer is rejected, and the hint speaks about this mistake."""
    result = exercise.judge(*case.answer, **case.evidence)
    assert result.outcome == "wrong", (case, result)
    assert case.hint in result.hint


@pytest.mark.parametrize(("exercise", "case"), numbered("right"))
def test_a_right_answer_is_accepted(exercise: Exercise, case: Case) -> None:
    """A known right answer passes, however it is written."""
    result = exercise.judge(*case.answer, **case.evidence)
    assert result.outcome == "solved", (case, result)


def solve(stem: str, folder: Path) -> None:
    """Run the solution: it gets to its end without any hidden failure, and every check is solved."""
    notebook = jupytext.read(ROOT / "solutions" / f"{stem}.py")
    notebook.metadata.update(METADATA)
    executed = execute(notebook, folder)
    assert faults(executed) == []
    assert verdicts(executed) == dict.fromkeys(exercises(stem), "solved"), outcomes(executed)


def run_untouched(stem: str, folder: Path) -> None:
    """Run the untouched lab: it gets to its end, and every check says "not solved yet"."""
    lab: Any = nbformat.read(ROOT / "labs" / f"{stem}.ipynb", as_version=4)
    executed = execute(lab, folder)
    assert faults(executed) == []
    assert verdicts(executed) == dict.fromkeys(exercises(stem), "unsolved"), outcomes(executed)


def run_with_nbval(stem: str, folder: Path) -> None:
    """Let a second runner, which sees into widgets, run the untouched lab."""
    path = folder / f"{stem}.ipynb"
    path.write_bytes((ROOT / "labs" / path.name).read_bytes())
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-cell-timeout=90", "-q"]
    command += ["-c", os.devnull, str(path)]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]


class TestOnTheStack:
    """What only a real stack can show: solutions on both backends, untouched labs on one each."""

    pytestmark = needs_servers

    @each_lab_on_the_stack
    def test_the_solution_solves_everything(self, stem: str, stack: object, tmp_path: Path) -> None:
        """Every check of the solved lab is solved, on either backend."""
        solve(stem, tmp_path)

    @on_processes
    @each_lab_on_the_stack
    def test_the_untouched_lab_runs_unsolved(
        self, stem: str, stack: object, tmp_path: Path
    ) -> None:
        """papermill gets through the untouched lab."""
        run_untouched(stem, tmp_path)

    @on_compose
    @each_lab_on_the_stack
    def test_nbval_finds_nothing(self, stem: str, stack: object, tmp_path: Path) -> None:
        """nbval gets through it, too."""
        run_with_nbval(stem, tmp_path)


@pytest.mark.usefixtures("docker_engine")
class TestOnDocker:
    """The labs about Docker need an engine, and no stack."""

    pytestmark = needs_servers

    @each_lab_on_docker
    def test_the_solution_solves_everything(self, stem: str, tmp_path: Path) -> None:
        """Every check of the solved lab is solved."""
        solve(stem, tmp_path)

    @each_lab_on_docker
    def test_the_untouched_lab_runs_unsolved(self, stem: str, tmp_path: Path) -> None:
        """papermill gets through the untouched lab."""
        run_untouched(stem, tmp_path)

    @each_lab_on_docker
    def test_nbval_finds_nothing(self, stem: str, tmp_path: Path) -> None:
        """nbval gets through it, too."""
        run_with_nbval(stem, tmp_path)
