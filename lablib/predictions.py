"""Predictions: what a learner expected before an experiment, kept between sessions."""

from __future__ import annotations

from pathlib import Path

import orjson

from lablib.settings import Settings


class Predictions:
    """One lab's predictions in a small JSON file."""

    @classmethod
    def of(cls, stem: str, settings: Settings) -> Predictions:
        """Return those of the lab with this stem."""
        return cls(settings.data / "predictions" / f"{stem}.json")

    def __init__(self, path: Path) -> None:
        """Use the file at ``path``; it is made with the first prediction."""
        self.path = path

    def read(self) -> dict[str, str]:
        """Return the choices by question's name; a missing or broken file holds none."""
        try:
            kept = orjson.loads(self.path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def keep(self, name: str, choice: str) -> None:
        """Write one choice down, in place of an earlier one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_bytes(orjson.dumps({**self.read(), name: choice}))

    def forget(self) -> None:
        """Drop all choices."""
        self.path.unlink(missing_ok=True)
