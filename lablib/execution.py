"""Running a notebook without a browser, and telling honestly whether it went well.

A notebook runner reports success in many cases that are none: an error caught by an Output widget
or a thread, a ``sys.exit(0)`` that skips the rest. `faults` finds them in the executed notebook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill

from lablib.notice import CHECK, FINISH

WIDGETS = "application/vnd.jupyter.widget-state+json"


def execute(notebook: Any, folder: Path, cell_timeout: int = 90) -> Any:
    """Run a notebook in ``folder`` and return it with its outputs, also when a cell failed.

    A cell may take ``cell_timeout`` seconds. The caller judges the outcome with `faults`.
    """
    target = folder / "executed.ipynb"
    failures = (papermill.PapermillExecutionError, *_kernel_failures())
    try:
        papermill.execute_notebook(
            notebook,
            target,
            cwd=folder,
            progress_bar=False,
            kernel_name="python3",
            execution_timeout=cell_timeout,
        )
    except failures as error:
        executed: Any = nbformat.read(target, as_version=4)
        executed.metadata["failure"] = f"{type(error).__name__}: {str(error).strip()[-2000:]}"
        return executed
    return nbformat.read(target, as_version=4)


def outcomes(notebook: Any) -> dict[str, Mapping[str, Any]]:
    """Return the last verdict of every exercise that was checked, as `Lab.check` published it."""
    found = [data[CHECK] for data in _bundles(notebook) if CHECK in data]
    return {verdict["exercise"]: verdict for verdict in found}


def faults(notebook: Any) -> list[str]:
    """Return all signs that an executed notebook did not do all of its work; [] when there is none.

    Looks at errors and tracebacks in outputs and in widgets, at cells that did not complete, at
    errors in threads and tasks, and for the last cell's `Lab.finish`.
    """
    found = [notebook.metadata["failure"]] if "failure" in notebook.metadata else []
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, 1):
        found += [f"code cell {number}: {text}" for text in _troubles(cell.get("outputs", []))]
        status = cell.metadata.get("papermill", {}).get("status")
        if cell.get("execution_count") is None or status != "completed":
            found.append(f"code cell {number} did not run to its end: {cell.source[:60]!r}")
    for name, model in _widgets(notebook).items():
        texts = _troubles(model.get("state", {}).get("outputs", []))
        found += [f"widget {name[:8]}: {text}" for text in texts]
    finished = [data[FINISH] for data in _bundles(notebook, last=True) if FINISH in data]
    if not finished:
        found.append("the last cell did not reach lab.finish()")
    for data in finished:
        found += [f"in the background: {text}" for text in data["background_errors"]]
    return found


def _troubles(outputs: list[Any]) -> Iterator[str]:
    for output in outputs:
        if output["output_type"] == "error":
            yield f"{output['ename']}: {output['evalue']}"
        text = "".join(output.get("text", ""))
        if output.get("name") == "stderr" and "Traceback (most recent call last)" in text:
            yield text.strip().splitlines()[-1]


def _widgets(notebook: Any) -> Mapping[str, Any]:
    state: Mapping[str, Any] = notebook.metadata.get("widgets", {}).get(WIDGETS, {})
    found: Mapping[str, Any] = state.get("state", {})
    return found


def _bundles(notebook: Any, last: bool = False) -> Iterator[Mapping[str, Any]]:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells[-1:] if last else cells:
        for output in cell.get("outputs", []):
            yield output.get("data", {})


def _kernel_failures() -> tuple[type[Exception], ...]:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    return CellTimeoutError, DeadKernelError
