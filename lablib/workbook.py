"""Learners' own copies of the labs, in the git-ignored folder ``work/``.

Each lab carries a stamp of its cells. A copy whose cells still match its stamp, and that was never
run, is untouched: a newer lab may take its place. Any other copy is the learner's work.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import nbformat
import orjson

from lablib.errors import LabError
from lablib.predictions import Predictions
from lablib.settings import Settings


@dataclass(frozen=True)
class Copy:
    """What became of one lab's copy. ``older`` means: yours, made from an older edition."""

    stem: str
    path: Path
    state: Literal["new", "updated", "current", "yours", "older"]


def stamp(notebook: Any) -> str:
    """Return the SHA-256 of a notebook's cells, outputs left out."""
    cells = [[cell["cell_type"], cell["source"]] for cell in notebook["cells"]]
    return hashlib.sha256(orjson.dumps(cells)).hexdigest()


def copy_labs(settings: Settings) -> list[Copy]:
    """Copy every lab that has no copy, renew the untouched ones, leave the learner's work alone."""
    return [_copy(lab, settings) for lab in sorted((settings.home / "labs").glob("*.ipynb"))]


def reset_lab(lab: str, settings: Settings) -> tuple[Path, Path | None]:
    """Give a fresh copy of a lab, named by its stem or number, and forget its predictions.

    Returns the copy's path and the backup's; None when there was nothing to back up. Raises
    LabError for an unknown lab.
    """
    source = find_lab(lab, settings)
    copy = settings.home / "work" / source.name
    backup = None
    if copy.exists():
        time = f"{datetime.now():%Y%m%d-%H%M%S-%f}"
        backup = copy.rename(copy.with_name(f"{copy.stem}.backup-{time}.ipynb"))
    _renew(source, copy)
    Predictions.of(source.stem, settings).forget()
    return copy, backup


def find_lab(lab: str, settings: Settings) -> Path:
    """Return the path of the lab with this stem ("04_kraft") or number ("04", "4")."""
    labs = sorted((settings.home / "labs").glob("*.ipynb"))
    number = f"{int(lab):02}" if lab.isdecimal() else lab
    for path in labs:
        if number in (path.stem, path.stem.split("_")[0]):
            return path
    names = ", ".join(path.stem for path in labs) or "none"
    raise LabError(f"There is no lab {lab!r}.", f"labs: {names}", "give its number, such as 00")


def _copy(source: Path, settings: Settings) -> Copy:
    copy = settings.home / "work" / source.name
    if not copy.exists():
        _renew(source, copy)
        return Copy(source.stem, copy, "new")
    mine, theirs = _read(copy), _read(source)
    made_from = mine.get("metadata", {}).get("lab_kit", {}).get("stamp")
    newer = made_from != stamp(theirs)
    touched = (
        not mine
        or stamp(mine) != made_from
        or any(cell.get("outputs") or cell.get("execution_count") for cell in mine["cells"])
    )
    if touched:
        return Copy(source.stem, copy, "older" if newer else "yours")
    if newer:
        _renew(source, copy)
    return Copy(source.stem, copy, "updated" if newer else "current")


def _read(path: Path) -> Any:
    """Return a notebook; an unreadable one is empty, and so counts as touched."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception:
        return {}


def _renew(source: Path, copy: Path) -> None:
    copy.parent.mkdir(exist_ok=True)
    half = copy.with_suffix(".part")
    shutil.copyfile(source, half)
    half.replace(copy)
