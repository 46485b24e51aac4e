"""What a column's JSON becomes, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from lablib.errors import LabError
from lablib.ksql_types import dtype, read_json, reader, write_json

CASES: list[tuple[str, str, Any]] = [
    ("BOOLEAN", "true", True),
    ("INTEGER", "7", 7),
    ("BIGINT", "9007199254740993", 9007199254740993),
    ("DOUBLE", "0.1", 0.1),
    ("DOUBLE", "1", 1.0),
    ("DOUBLE", '"NaN"', pytest.approx(float("nan"), nan_ok=True)),
    (
        "DECIMAL(30, 3)",
        "123456789012345678901234567.125",
        Decimal("123456789012345678901234567.125"),
    ),
    ("DECIMAL(4, 2)", '"1.50"', Decimal("1.50")),
    ("STRING", '"x"', "x"),
    ("BYTES", '"AQI="', b"\x01\x02"),
    ("TIMESTAMP", '"2026-01-05T09:13:22.123"', datetime(2026, 1, 5, 9, 13, 22, 123000, UTC)),
    ("TIMESTAMP", '"2026-01-05T10:13:22+01:00"', datetime(2026, 1, 5, 9, 13, 22, 0, UTC)),
    ("TIMESTAMP", "1767604402123", datetime(2026, 1, 5, 9, 13, 22, 123000, UTC)),
    ("DATE", '"2026-01-05"', date(2026, 1, 5)),
    ("DATE", "20458", date(2026, 1, 5)),
    ("TIME", '"09:13:22"', time(9, 13, 22)),
    ("TIME", "33202123", time(9, 13, 22, 123000)),
    ("ARRAY<DECIMAL(4, 2)>", "[1.50, null]", [Decimal("1.50"), None]),
    ("MAP<STRING, DOUBLE>", '{"a": 1.5}', {"a": 1.5}),
    (
        "ARRAY<STRUCT<`UNITS` BIGINT, `sku, <odd>` STRING, `M` MAP<STRING, ARRAY<DOUBLE>>>>",
        '[{"UNITS": 3, "sku, <odd>": "A", "M": {"x": [0.5]}}]',
        [{"UNITS": 3, "sku, <odd>": "A", "M": {"x": [0.5]}}],
    ),
]


@pytest.mark.parametrize(("kind", "text", "value"), CASES, ids=[str(i) for i in range(len(CASES))])
def test_reading(kind: str, text: str, value: Any) -> None:
    """Each type gives its Python value, exact where it is exact, nested as deep as it goes."""
    found = reader(kind)(read_json(text))
    assert found == value
    assert type(found) is type(value) or isinstance(found, float)


@pytest.mark.parametrize("kind", [case[0] for case in CASES])
def test_null_is_null_for_every_type(kind: str) -> None:
    """A missing value stays missing."""
    assert reader(kind)(None) is None


@pytest.mark.parametrize(
    "kind", ["", "GEOMETRY", "ARRAY<", "ARRAY<STRING", "MAP<STRING>", "STRING>"]
)
def test_an_unknown_type_is_named(kind: str) -> None:
    """A type that is not understood is no reason to guess."""
    with pytest.raises(LabError, match="is no type"):
        reader(kind)


@pytest.mark.parametrize(
    ("kind", "found"),
    [("BIGINT", "Int64"), ("INTEGER", "Int32"), ("DECIMAL(4, 2)", "object"), ("DATE", "object")],
)
def test_dtypes(kind: str, found: str) -> None:
    """Whole numbers may be missing; decimals stay exact."""
    assert dtype(kind) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("0.100"), "0.100"),
        (Decimal("1E+3"), "1000"),
        (b"\x01\x02", '"AQI="'),
        (datetime(2026, 1, 5, 9, 13, 22, 123456, UTC), '"2026-01-05T09:13:22.123"'),
        (date(2026, 1, 5), '"2026-01-05"'),
        (time(9, 13, 22), '"09:13:22"'),
        ({"a": [1, None, True, "x"], "b": {}}, '{"a":[1,null,true,"x"],"b":{}}'),
    ],
)
def test_writing(value: object, text: str) -> None:
    """Values that JSON has no word for are written as ksqlDB reads them."""
    assert write_json(value) == text
