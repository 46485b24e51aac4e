"""Make each lab from its solution: ``solutions/NN_topic.py`` becomes ``labs/NN_topic.ipynb``.

Solutions are cut out, outputs there are none, and the same source gives the same bytes. With
``--check`` nothing is written: a stale lab is named, and the command that renews it.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat

from lablib.checks import exercises
from lablib.errors import LabError
from lablib.workbook import stamp

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python -m tools.build_labs"
BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
CODE_LINES = 12
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LEAVING = {"sys.exit", "exit", "quit", "os._exit"}


@dataclass(frozen=True)
class Cell:
    """A cell of a solution and the line on which it begins."""

    kind: str
    source: str
    tags: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Fault:
    """What is wrong with a solution, and where."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}:{self.line}: {self.text}"


def read_cells(path: Path) -> list[Cell]:
    """Return the cells of a percent file with their first lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    starts = [number for number, line in enumerate(lines, 2) if line.startswith("# %%")]
    notebook: Any = jupytext.read(path, fmt="py:percent")
    cells = [cell for cell in notebook.cells if cell.source.strip()]
    if len(starts) != len(cells):
        text = "every cell begins with a line '# %%' or '# %% [markdown]', and none is empty"
        raise LabError(str(Fault(path, 1, text)), f"{len(starts)} such lines, {len(cells)} cells")
    return [
        Cell(cell.cell_type, cell.source, tuple(cell.metadata.get("tags", ())), line)
        for cell, line in zip(cells, starts, strict=True)
    ]


def without_solution(source: str) -> str:
    """Cut the solution blocks out of a cell; a comment marks the place."""
    kept: list[str] = []
    inside = False
    for line in source.splitlines():
        if line.strip() == BEGIN:
            inside = True
            kept.append(line.replace(BEGIN, "# Your code here."))
        if not inside:
            kept.append(line)
        if line.strip() == END:
            inside = False
    return "\n".join(kept)


def build(path: Path) -> str:
    """Return the lab made from a solution, as the text of an .ipynb file."""
    notebook: Any = nbformat.v4.new_notebook(metadata=METADATA)
    for cell in read_cells(path):
        if cell.kind == "markdown" and "solution" in cell.tags:
            continue
        new: Any = getattr(nbformat.v4, f"new_{cell.kind}_cell")
        name = f"{path.stem.replace('_', '-')}-{len(notebook.cells):03}"
        notebook.cells.append(new(without_solution(cell.source), id=name))
    notebook.metadata["lab_kit"] = {"stamp": stamp(notebook)}
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)) + "\n"


def lint(path: Path) -> list[Fault]:
    """Return what a solution may not hold, line by line."""
    cells = read_cells(path)
    faults = [fault for cell in cells for fault in _lint_cell(path, cell)]
    if not faults:  # the rest reads the cells' syntax trees
        faults = list(_lint_whole(path, [cell for cell in cells if cell.kind == "code"]))
    return faults


def _lint_cell(path: Path, cell: Cell) -> Iterator[Fault]:
    if cell.kind == "markdown":
        for match in re.finditer(r"!\[\s*\]\(", cell.source):
            line = cell.line + cell.source[: match.start()].count("\n")
            yield Fault(path, line, "a picture needs alternative text: ![text](file)")
        return
    marks = [line.strip() for line in cell.source.splitlines() if line.strip() in (BEGIN, END)]
    if marks != [BEGIN, END] * (len(marks) // 2):
        yield Fault(path, cell.line, f"'{BEGIN}' and '{END}' must come in pairs")
        return
    lines = [line.strip() for line in without_solution(cell.source).splitlines()]
    code = [line for line in lines if line and not line.startswith("#")]
    if len(code) > CODE_LINES:
        text = f"{len(code)} lines of code in one cell; at most {CODE_LINES}: split or move them"
        yield Fault(path, cell.line, text)
    for source in (cell.source, without_solution(cell.source)):
        try:
            tree = ast.parse(source)
        except SyntaxError as error:
            text = f"not plain Python, also once the solution is cut out ({error.msg})"
            line = cell.line + (error.lineno or 1) - 1
            yield Fault(path, line, text + "; '!' and '%' commands are not allowed")
            return
    tree = ast.parse(cell.source)
    for node in ast.walk(tree):
        line = cell.line + getattr(node, "lineno", 1) - 1
        if isinstance(node, ast.ClassDef):
            yield Fault(path, line, "no classes in a lab; put the class into lablib")
        if isinstance(node, ast.Call) and ast.unparse(node.func) in LEAVING:
            yield Fault(path, line, f"no {ast.unparse(node.func)}: it skips the rest in silence")
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant):
            yield Fault(path, line, "an unbounded loop; wait for a condition with a deadline")


def _lint_whole(path: Path, cells: list[Cell]) -> Iterator[Fault]:
    first, last = cells[0], cells[-1]
    if f'Lab("{path.stem}")' not in first.source:
        yield Fault(path, first.line, f'the first code cell holds: lab = Lab("{path.stem}")')
    if last.source.splitlines()[-1].strip() != "lab.finish()":
        yield Fault(path, last.line, "the last code cell ends with: lab.finish()")
    known, seen = set(exercises(path.stem)), set()
    waiting: Cell | None = None
    for cell in cells:
        if BEGIN in cell.source:
            if waiting is not None:
                yield Fault(path, waiting.line, 'a solution without a lab.check("...") after it')
            waiting = cell
        for name in re.findall(r"""lab\.check\(\s*["'](\w+)["']""", cell.source):
            waiting = None
            seen.add(name)
            if name not in known:
                yield Fault(path, cell.line, f"lab.check({name!r}): no such exercise in the checks")
    if waiting is not None:
        yield Fault(path, waiting.line, 'a solution without a lab.check("...") after it')
    for name in sorted(known - seen):
        yield Fault(path, last.line, f'the exercise {name!r} has no lab.check("{name}")')


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Build or check all labs, or those that are named; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stems", nargs="*", help="such as 04_kraft; default: all")
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a stale lab")
    options = parser.parse_args(arguments)
    chosen = options.stems or [path.stem for path in sorted(root.glob("solutions/[0-9]*.py"))]
    complaints: list[str] = []
    for stem in chosen:
        lab = root / "labs" / f"{stem}.ipynb"
        try:
            faults = lint(root / "solutions" / f"{stem}.py")
            text = build(root / "solutions" / f"{stem}.py") if not faults else ""
        except (LabError, OSError) as error:
            complaints.append(str(error))
            continue
        complaints += map(str, faults)
        if faults or (lab.exists() and lab.read_text(encoding="utf-8") == text):
            continue
        if options.check:
            complaints.append(f"labs/{stem}.ipynb is stale. Run: {COMMAND} {stem}")
        else:
            lab.parent.mkdir(exist_ok=True)
            lab.write_text(text, encoding="utf-8")
            print(f"wrote labs/{stem}.ipynb")
    print("\n".join(complaints), end="\n" if complaints else "", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
