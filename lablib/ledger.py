"""The ledger: what was sent, and what became of it. All checks compare with it.

Events are entered in chunks *before* they are handed to Kafka, so that a producer that dies leaves
a trace, and a chunk is closed when Kafka has answered for each of its events. What happened to an
event is therefore one of three things, as in Jepsen's tests: acknowledged (it must be there),
failed (Kafka refused it: it must not be there), unknown (nobody answered: it may be there).
"""

from __future__ import annotations

import json
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from lablib.errors import LabError
from lablib.sale import Event, Kind
from lablib.settings import Settings, load_settings

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS runs (
    run INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT DEFAULT CURRENT_TIMESTAMP, topic TEXT, source TEXT
);
CREATE TABLE IF NOT EXISTS chunks (
    chunk INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER REFERENCES runs, kinds TEXT, sizes BLOB, payload BLOB,
    answered INTEGER DEFAULT 0, failed TEXT, unknown TEXT
);
CREATE INDEX IF NOT EXISTS chunks_of_run ON chunks (run);
"""
LETTERS = {kind: kind.value[0] for kind in Kind}
KINDS = {letter: kind for kind, letter in LETTERS.items()}


class Outcome(StrEnum):
    """What became of a sent event."""

    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Entry(NamedTuple):
    """One sent event as the ledger knows it."""

    key: bytes
    value: bytes
    kind: Kind
    outcome: Outcome


@dataclass(frozen=True)
class Totals:
    """How many events were sent, and of them how many of each outcome."""

    sent: int
    acknowledged: int
    failed: int
    unknown: int


class Ledger:
    """What all producers of one checkout have sent. Several processes may write at once."""

    def __init__(self, path: Path | None = None, settings: Settings | None = None) -> None:
        """Open the ledger of this checkout, or the one in ``path``."""
        self.path = path or (settings or load_settings()).data / "ledger.sqlite"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._db.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise LabError(
                f"The ledger cannot be opened: {error}.",
                str(self.path),
                "free some space or correct the rights of that folder; "
                "`lab reset` begins a new ledger (and empties topic and table with it)",
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    # -- writing -----------------------------------------------------------------------------

    def begin(self, topic: str, source: str) -> int:
        """Enter a new run of a producer and return its number: 1, 2, 3 ..."""
        row = self._db.execute(
            "INSERT INTO runs (topic, source) VALUES (?, ?) RETURNING run", (topic, source)
        ).fetchone()
        return int(row[0])

    def enter(self, run: int, events: Sequence[Event]) -> int:
        """Enter a chunk of events that are about to be sent; return the chunk's number."""
        kinds = "".join([LETTERS[e.kind] for e in events])
        sizes = array("I", [len(e.key) for e in events])
        sizes.extend([len(e.value) for e in events])
        payload = b"".join([e.key for e in events]) + b"".join([e.value for e in events])
        try:
            cursor = self._db.execute(
                "INSERT INTO chunks (run, kinds, sizes, payload) VALUES (?, ?, ?, ?)",
                (run, kinds, sizes.tobytes(), payload),
            )
        except sqlite3.Error as error:
            raise LabError(
                "The ledger cannot be written, so nothing more is sent.",
                f"{self.path}: {error}",
                "free some space, then go on; lab verify tells what has arrived",
            ) from error
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def close_chunk(self, chunk: int, failed: Sequence[int], unknown: Sequence[int]) -> None:
        """Note that Kafka has answered for every event of a chunk.

        Args:
            chunk: its number.
            failed: positions in the chunk of events that Kafka refused for certain.
            unknown: positions of events that timed out, so that they may or may not be there.
        """
        try:
            self._db.execute(
                "UPDATE chunks SET answered = 1, failed = ?, unknown = ? WHERE chunk = ?",
                (_positions(failed), _positions(unknown), chunk),
            )
        except sqlite3.Error as error:
            raise LabError(
                "The ledger cannot be written, so these events count as unknown.",
                f"{self.path}: {error}",
                "free some space; lab verify tells what has arrived",
            ) from error

    @staticmethod
    def discard(settings: Settings) -> None:
        """Empty the ledger of a checkout; a file that is no ledger any more is deleted.

        Numbers are not used again: a producer that still runs must not write into others' chunks.
        """
        with suppress(LabError, sqlite3.Error):
            Ledger(settings=settings)._db.executescript("DELETE FROM chunks; DELETE FROM runs;")
            return
        path = settings.data / "ledger.sqlite"
        for file in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            file.unlink(missing_ok=True)

    # -- reading -----------------------------------------------------------------------------

    def entries(self, topic: str, run: int | None = None) -> Iterator[Entry]:
        """Yield what was sent to a topic, in the order of sending, for all runs or one."""
        rows = self._db.execute(
            "SELECT kinds, sizes, payload, answered, failed, unknown FROM chunks JOIN runs USING (run)"
            " WHERE topic = ? AND (? IS NULL OR run = ?) ORDER BY chunk",
            (topic, run, run),
        )
        for kinds, sizes, payload, answered, failed, unknown in rows:
            yield from _entries(kinds, sizes, payload, answered, failed, unknown)

    def totals(self, topic: str, run: int | None = None) -> Totals:
        """Count the events sent to a topic by outcome."""
        rows = self._db.execute(
            "SELECT length(kinds), answered, failed, unknown FROM chunks JOIN runs USING (run)"
            " WHERE topic = ? AND (? IS NULL OR run = ?)",
            (topic, run, run),
        )
        sent = failed = unknown = 0
        for count, answered, failures, doubts in rows:
            sent += count
            failed += len(json.loads(failures)) if failures else 0
            if not answered:
                unknown += count
            elif doubts:
                unknown += len(json.loads(doubts))
        return Totals(sent, sent - failed - unknown, failed, unknown)

    def runs(self, topic: str | None = None) -> list[dict[str, object]]:
        """Return number, start (UTC), topic and source of each run."""
        rows = self._db.execute(
            "SELECT run, started, topic, source FROM runs WHERE ? IS NULL OR topic = ? ORDER BY run",
            (topic, topic),
        )
        names = ("run", "started", "topic", "source")
        return [dict(zip(names, row, strict=True)) for row in rows]


def _positions(positions: Sequence[int]) -> str | None:
    return json.dumps(list(positions)) if positions else None


def _entries(
    kinds: str,
    sizes: bytes,
    payload: bytes,
    answered: int,
    failed: str | None,
    unknown: str | None,
) -> Iterator[Entry]:
    lengths = array("I")
    lengths.frombytes(sizes)
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    parts = [payload[a:b] for a, b in pairwise(ends)]
    outcomes = [Outcome.ACKNOWLEDGED if answered else Outcome.UNKNOWN] * len(kinds)
    for position in json.loads(failed or "[]"):
        outcomes[position] = Outcome.FAILED
    for position in json.loads(unknown or "[]"):
        outcomes[position] = Outcome.UNKNOWN
    keys, values = parts[: len(kinds)], parts[len(kinds) :]
    for letter, key, value, outcome in zip(kinds, keys, values, outcomes, strict=True):
        yield Entry(key, value, KINDS[letter], outcome)
