"""The conformance cases of the stream SQL server: read, told apart by a prefix, their records as bytes.

The files and their form: stack/ksql-server/src/test/resources/cases/README.md.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as time_of_day
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from lablib.ksql_types import read_json, write_json

CASES = Path(__file__).resolve().parents[2] / "stack/ksql-server/src/test/resources/cases"
_MADE = re.compile(
    r"\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:SOURCE\s+)?(STREAM|TABLE)\s+(?:IF\s+NOT\s+EXISTS\s+)?(`[^`]+`|\w+)",
    re.IGNORECASE,
)
_TOPIC = re.compile(r"(KAFKA_TOPIC\s*=\s*')([^']+)", re.IGNORECASE)
# Texts and comments: names within them are no names.
_OPAQUE = re.compile(r"('(?:[^']|'')*'|--[^\n]*|/\*.*?\*/)", re.DOTALL)
_PACKED = {"INTEGER": ">i", "BIGINT": ">q", "DOUBLE": ">d"}


# YAML whose fractions keep all their digits.
_Loader: Any = type("_Loader", (yaml.SafeLoader,), {})
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(str(node.value)))


@dataclass(frozen=True)
class Record:
    """What is sent, or expected: raw texts stand for bytes as they are."""

    topic: str
    timestamp: int
    key: Any = None
    value: Any = None
    key_raw: str | None = None
    value_raw: str | None = None
    window: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Case:
    """One case, its names and topics told apart from those of all others by a prefix."""

    name: str
    prefix: str
    statements: str
    inputs: tuple[Record, ...]
    outputs: tuple[Record, ...]
    pull: tuple[Mapping[str, Any], ...]
    error: Mapping[str, Any] | None
    properties: Mapping[str, Any]
    # (STREAM or TABLE, its name as it is written) in the order of their making, and all their topics.
    made: tuple[tuple[str, str], ...]
    topics: tuple[str, ...]

    @classmethod
    def of(cls, entry: Mapping[str, Any], prefix: str) -> Case:
        """Take a case from its file."""
        made = _MADE.findall(_OPAQUE.sub("", entry["statements"]))
        bare = {name.strip("`") for _, name in made}
        names = re.compile(
            rf"(?<!\w)({'|'.join(map(re.escape, sorted(bare, key=len)))})(?!\w)", re.IGNORECASE
        )

        def renamed(sql: str) -> str:
            parts = _OPAQUE.split(_TOPIC.sub(rf"\1{prefix}\2", sql))
            parts[::2] = [names.sub(rf"{prefix}\1", part) if bare else part for part in parts[::2]]
            return "".join(parts)

        def records(which: str) -> tuple[Record, ...]:
            return tuple(
                Record(**{**each, "topic": prefix + each["topic"]}) for each in entry.get(which, ())
            )

        own = (name.strip("`") if "`" in name else name.upper() for _, name in made)
        bounds = [each.start() for each in _MADE.finditer(entry["statements"])]
        topics = [
            found[2] if (found := _TOPIC.search(entry["statements"], begin, end)) else name
            for name, (begin, end) in zip(
                own, pairwise([*bounds, len(entry["statements"])]), strict=True
            )
        ]
        return cls(
            name=entry["name"],
            prefix=prefix,
            statements=renamed(entry["statements"]),
            inputs=records("inputs"),
            outputs=records("outputs"),
            pull=tuple({**q, "query": renamed(q["query"])} for q in entry.get("pull", ())),
            error=entry.get("error"),
            properties=entry.get("properties", {}),
            made=tuple((kind.upper(), renamed(name)) for kind, name in dict.fromkeys(made)),
            topics=tuple(prefix + topic for topic in dict.fromkeys(topics)),
        )


def read_cases() -> Iterator[Case]:
    """Yield all cases, file by file."""
    number = 0
    for path in sorted(CASES.glob("*.yaml")):
        for entry in yaml.load(path.read_text(), _Loader):
            yield Case.of(entry, f"C{number:03d}_")
            number += 1


@dataclass(frozen=True)
class Side:
    """The key or the value of a topic: its format, its columns with their types."""

    format: str
    columns: dict[str, str] = field(default_factory=dict)

    def encode(self, value: Any) -> bytes | None:
        """Return the bytes of a value as it is written in a case."""
        if value is None or not self.columns:
            return None
        if self.format == "JSON":
            return write_json(value).encode()
        ((name, kind),) = self.columns.items()
        one = value[name] if isinstance(value, dict) else value
        return struct.pack(_PACKED[kind], one) if kind in _PACKED else str(one).encode()

    def decode(self, data: bytes, *, key: bool) -> Any:
        """Return the value of bytes, in the manner of a case."""
        if self.format == "JSON":
            return read_json(data.decode())
        ((name, kind),) = self.columns.items()
        one = struct.unpack(_PACKED[kind], data)[0] if kind in _PACKED else data.decode()
        return one if key else {name: one}


@dataclass(frozen=True)
class Shape:
    """How a topic's records are written, as the server describes it."""

    key: Side
    value: Side
    windowed: str = ""

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> Shape:
        """Take it from the answer to DESCRIBE."""
        sides: list[dict[str, str]] = [{}, {}]
        for column in description["fields"]:
            sides["KEY" not in column.get("type", "")][column["name"]] = column["schema"]["type"]
        return cls(
            Side(description["keyFormat"], sides[0]),
            Side(description["valueFormat"], sides[1]),
            description.get("windowType") or "",
        )

    def write(self, record: Record) -> tuple[bytes | None, bytes | None]:
        """Return a record's key and value."""
        key = self.key.encode(record.key) if record.key_raw is None else record.key_raw.encode()
        value = (
            self.value.encode(record.value)
            if record.value_raw is None
            else record.value_raw.encode()
        )
        if record.window and key is not None:
            if record.window["type"] == "session":
                key += struct.pack(">q", record.window["end"])
            key += struct.pack(">q", record.window["start"])
        return key, value

    def show(
        self, key: bytes | None, value: bytes | None, timestamp: int, like: Record | None
    ) -> str:
        """Show a record in the manner of an expected one: what is raw there is raw here."""
        window = None
        if self.windowed and key is not None:
            bounds = 16 if self.windowed == "SESSION" else 8
            times = struct.unpack(f">{bounds // 8}q", key[-bounds:])
            window = (times[-1], times[0] if len(times) > 1 else None)
            key = key[:-bounds]
        raw_key, raw_value = (like.key_raw, like.value_raw) if like else (None, None)
        return _line(
            _shown(key, raw_key, lambda data: self.key.decode(data, key=True)),
            _shown(value, raw_value, lambda data: self.value.decode(data, key=False)),
            timestamp,
            window,
        )


def expectation(record: Record) -> str:
    """Show an expected record. The end of a time window is not written into keys: it is left out."""
    window = record.window and (
        record.window["start"],
        record.window["end"] if record.window["type"] == "session" else None,
    )
    return _line(
        plain(record.key) if record.key_raw is None else record.key_raw,
        plain(record.value) if record.value_raw is None else record.value_raw,
        record.timestamp,
        window,
    )


def plain(value: Any) -> str:
    """Return JSON in one form: sorted fields, numbers without superfluous zeros."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {k: _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case bool() | str() | None:
            return value
        case datetime() | time_of_day():
            precision = "milliseconds" if value.microsecond else "seconds"
            return value.replace(tzinfo=None).isoformat(timespec=precision)
        case date():
            return value.isoformat()
    number = Decimal(str(value))
    return {"number": format(number.normalize() if number else Decimal(0), "f")}


def _shown(data: bytes | None, raw: str | None, decode: Callable[[bytes], Any]) -> str:
    if data is None:
        return "null"
    try:
        return plain(decode(data)) if raw is None else data.decode()
    except (ValueError, struct.error) as error:
        return f"{data!r} ({error})"


def _line(key: str, value: str, timestamp: int, window: object) -> str:
    return f"{key} | {value} | {timestamp}" + (f" | window {window}" if window else "")
