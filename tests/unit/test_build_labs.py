"""The generator: solutions are cut out, the same source gives the same bytes, rules are kept."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import nbformat
import pytest

from lablib.checks import Case, Result, exercise
from lablib.errors import LabError
from tools.build_labs import build, lint, main

HEADER = """\
# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

"""
GOOD = """\
# %% [markdown]
# # Probe

# %%
lab = Lab("77_probe")

# %%
answer = ...
# BEGIN SOLUTION
answer = 42
# END SOLUTION
lab.check("even", answer)

# %% [markdown] tags=["solution"]
# It is forty-two.

# %%
lab.finish()
"""


@pytest.fixture
def solution(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound solution with one exercise, in a checkout of its own."""
    mark = exercise(hints=("one", "two", "three"), wrong=[Case(3, hint="one")])
    module = ModuleType("lablib.checks.lab_77_probe")

    def even(answer: int) -> Result:
        """Nothing is checked here."""
        return Result(True)

    vars(module).update(even=mark(even))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    (tmp_path / "solutions").mkdir()
    path = tmp_path / "solutions" / "77_probe.py"
    path.write_text(HEADER + GOOD)
    return path


def test_solutions_are_cut_out(solution: Path) -> None:
    """No line of a solution, and no cell tagged so, reaches the lab; the rest stays."""
    lab = nbformat.reads(build(solution), as_version=4)
    assert [cell.source for cell in lab.cells] == [
        "# Probe",
        'lab = Lab("77_probe")',
        'answer = ...\n# Your code here.\nlab.check("even", answer)',
        "lab.finish()",
    ]
    assert all(not cell.get("outputs") for cell in lab.cells)


def test_an_indented_solution_leaves_its_place_marked(solution: Path) -> None:
    """Inside a block, the comment stands where the code was."""
    block = "if True:\n    answer = ...\n    # BEGIN SOLUTION\n    answer = 42\n    # END SOLUTION"
    old = "answer = ...\n# BEGIN SOLUTION\nanswer = 42\n# END SOLUTION"
    solution.write_text(solution.read_text().replace(old, block))
    assert "if True:\\n    answer = ...\\n    # Your code here.\\nlab.check" in repr(
        nbformat.reads(build(solution), as_version=4).cells[2].source
    )


def test_the_same_source_gives_the_same_bytes(solution: Path) -> None:
    """Twice built is the same, ids and kernel included."""
    text = build(solution)
    assert text == build(solution)
    lab = nbformat.reads(text, as_version=4)
    assert [cell.id for cell in lab.cells] == [f"77-probe-00{n}" for n in range(4)]
    assert lab.metadata.kernelspec.name == "python3"


def test_a_stale_lab_is_named_with_the_command(
    solution: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--check`` writes nothing, names the lab, and tells what to run; then it is content."""
    root = solution.parent.parent
    assert main(["--check"], root) == 1
    told = capsys.readouterr().err
    assert "labs/77_probe.ipynb is stale. Run: python -m tools.build_labs 77_probe" in told
    assert not (root / "labs").exists()
    assert main([], root) == 0
    assert main(["--check"], root) == 0
    solution.write_text(solution.read_text().replace("# # Probe", "# # Another"))
    assert main(["--check"], root) == 1


FINISH = "lab.finish()\n"
SOLUTION = "answer = 42\n# END SOLUTION"
BROKEN = {
    "shell": (FINISH, "!ls\n" + FINISH, "'!' and '%' commands"),
    "commented shell": (FINISH, "# !ls\n" + FINISH, "'!' and '%' commands"),
    "magic": (FINISH, "%time x = 1\n" + FINISH, "'!' and '%' commands"),
    "exit": (FINISH, "import sys\nsys.exit(0)\n" + FINISH, "no sys.exit"),
    "endless": (FINISH, "while True:\n    break\n" + FINISH, "unbounded loop"),
    "class": (FINISH, "class A:\n    pass\n" + FINISH, "no classes"),
    "long": (FINISH, "x = 1\n" * 12 + FINISH, "13 lines of code"),
    "end missing": (SOLUTION, "answer = 42", "in pairs"),
    "begin missing": ("# BEGIN SOLUTION\n", "", "in pairs"),
    "begin twice": (SOLUTION, f"# BEGIN SOLUTION\n{SOLUTION}", "in pairs"),
    "hole": ("answer = ...\n#", "if True:\n#", "once the solution is cut out"),
    "no check": ('lab.check("even", answer)\n', "", "without a lab.check"),
    "other check": ('check("even"', 'check("odd"', "'odd'): no such exercise"),
    "no finish": (FINISH, "x = 1\n", "ends with: lab.finish()"),
    "other lab": ('Lab("77_probe")', 'Lab("78_probe")', 'lab = Lab("77_probe")'),
    "no alt text": ("# # Probe", "# # Probe\n# ![ ](x.png)", "alternative text"),
}


@pytest.mark.parametrize(("old", "new", "told"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_told(solution: Path, old: str, new: str, told: str) -> None:
    """Each rule has its sentence, with the file and a line near the place."""
    assert lint(solution) == []
    text = solution.read_text().replace(old, new)
    solution.write_text(text)
    found = [str(fault) for fault in lint(solution)]
    assert len(found) >= 1
    assert told in "\n".join(found)
    assert found[0].startswith("solutions/77_probe.py:")


def test_a_fault_has_its_line(solution: Path) -> None:
    """The line is that of the file, not of the cell."""
    solution.write_text(solution.read_text().replace(FINISH, "\nx = 1\nquit()\n" + FINISH))
    lines = solution.read_text().splitlines()
    (fault,) = lint(solution)
    assert lines[fault.line - 1] == "quit()"


def test_an_empty_cell_is_refused(solution: Path) -> None:
    """A cell without content would shift all lines."""
    solution.write_text(solution.read_text() + "\n# %%\n\n# %%\nx = 1\n")
    with pytest.raises(LabError, match="none is empty"):
        lint(solution)
