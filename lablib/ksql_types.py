"""ksqlDB's types in Python: what the JSON of a column stands for, and its dtype in pandas."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from lablib.errors import LabError

# Brackets, commas, names in backquotes, and words; spaces lie between them.
_TOKEN = re.compile(r"[<>(),]|`[^`]*`|[^\s<>(),`]+")

Reader = Callable[[Any], Any]


# Times come as text, or as numbers, as in the JSON of a topic.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _timestamp(value: str | int) -> datetime:
    if isinstance(value, int):
        return EPOCH + timedelta(milliseconds=value)
    moment = datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _date(value: str | int) -> date:
    return (
        (EPOCH + timedelta(days=value)).date()
        if isinstance(value, int)
        else date.fromisoformat(value)
    )


def _time(value: str | int) -> time:
    if isinstance(value, int):
        return (EPOCH + timedelta(milliseconds=value)).time()
    return time.fromisoformat(value)


# JSON is read with every fraction as a Decimal, so that no digit is lost before the type is known.
_READERS: dict[str, Reader] = {
    "BOOLEAN": bool,
    "INTEGER": int,
    "INT": int,
    "BIGINT": int,
    "DOUBLE": float,
    "DECIMAL": lambda value: Decimal(str(value)),
    "STRING": str,
    "VARCHAR": str,
    "BYTES": base64.b64decode,
    "TIMESTAMP": _timestamp,
    "DATE": _date,
    "TIME": _time,
}
# Types that pandas can hold with gaps. All others stay Python objects.
_DTYPES = {
    "BOOLEAN": "boolean",
    "INTEGER": "Int32",
    "INT": "Int32",
    "BIGINT": "Int64",
    "DOUBLE": "float64",
    "STRING": "str",
    "VARCHAR": "str",
    "TIMESTAMP": "datetime64[ms, UTC]",
}


def read_json(text: str) -> Any:
    """Return what a JSON text says; numbers with a fraction become Decimal."""
    return json.loads(text, parse_float=Decimal)


def reader(type_name: str) -> Reader:
    """Return the function that turns the JSON of a column of this type into a Python value.

    >>> reader("ARRAY<DECIMAL(4, 2)>")([1, None])
    [Decimal('1'), None]
    """
    tokens = _TOKEN.findall(type_name)
    found = _parse(tokens, type_name)
    if tokens:
        raise _unknown(type_name)
    return found


def dtype(type_name: str) -> str:
    """Return the pandas dtype of a column of this type."""
    return _DTYPES.get(type_name, "object")


def write_json(value: object) -> str:
    """Return the JSON of a value for a column: decimals with all their digits, times in ISO form."""
    match value:
        case Mapping():
            return (
                "{" + ",".join(f"{json.dumps(k)}:{write_json(v)}" for k, v in value.items()) + "}"
            )
        case bytes():
            return json.dumps(base64.b64encode(value).decode())
        case Decimal():
            return format(value, "f")
        case datetime():
            moment = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
            return json.dumps(moment.isoformat(timespec="milliseconds"))
        case date() | time():
            return json.dumps(value.isoformat())
        case str():
            return json.dumps(value)
        case Sequence():
            return "[" + ",".join(map(write_json, value)) + "]"
    return json.dumps(value)


def _parse(tokens: list[str], whole: str) -> Reader:
    """Read one type off the beginning of the tokens."""
    name = _take(tokens, whole).upper()
    match name:
        case "ARRAY":
            _take(tokens, whole, "<")
            item = _parse(tokens, whole)
            _take(tokens, whole, ">")
            return _optional(lambda values: [item(value) for value in values])
        case "MAP":
            _take(tokens, whole, "<")
            _parse(tokens, whole)
            _take(tokens, whole, ",")
            entry = _parse(tokens, whole)
            _take(tokens, whole, ">")
            return _optional(lambda values: {key: entry(value) for key, value in values.items()})
        case "STRUCT":
            fields = _fields(tokens, whole)
            return _optional(
                lambda values: {k: fields.get(k, _same)(value) for k, value in values.items()}
            )
    if name not in _READERS:
        raise _unknown(whole)
    if tokens[:1] == ["("]:  # precision and scale
        del tokens[: tokens.index(")") + 1]
    return _optional(_READERS[name])


def _fields(tokens: list[str], whole: str) -> dict[str, Reader]:
    fields: dict[str, Reader] = {}
    separator = _take(tokens, whole, "<")
    while separator != ">":
        name = _take(tokens, whole).strip("`")
        fields[name] = _parse(tokens, whole)
        separator = _take(tokens, whole)
    return fields


def _take(tokens: list[str], whole: str, wanted: str | None = None) -> str:
    token = tokens.pop(0) if tokens else ""
    if not token or (wanted and token != wanted):
        raise _unknown(whole)
    return token


def _same(value: Any) -> Any:
    return value


def _optional(read: Reader) -> Reader:
    return lambda value: None if value is None else read(value)


def _unknown(type_name: str) -> LabError:
    return LabError(f"{type_name!r} is no type that this client knows.", next="report it, please")
