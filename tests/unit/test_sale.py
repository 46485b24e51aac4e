"""Tests of the sale and its JSON form."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lablib.errors import InvalidSale
from lablib.sale import FIELDS, Defect, Sale, spoil

SALE = Sale(
    sale_id="S03-0000042",
    store_id="S03",
    store_seq=42,
    sku="SKU-0017",
    quantity=2,
    unit_price=Decimal("3.99"),
    event_time=datetime(2026, 1, 5, 9, 13, 22, 123000, tzinfo=UTC),
    customer_id="C00123",
)

names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
times = st.builds(
    lambda whole, milliseconds: whole.replace(microsecond=milliseconds * 1000, tzinfo=UTC),
    st.datetimes(),
    st.integers(0, 999),
)
sales = st.builds(
    Sale,
    sale_id=names,
    store_id=names,
    store_seq=st.integers(1, 2**63 - 1),
    sku=names,
    quantity=st.integers(1, 2**31 - 1) | st.integers(1 - 2**31, -1),
    unit_price=st.integers(1 - 10**12, 10**12 - 1).map(lambda n: Decimal(n).scaleb(-3)),
    event_time=times,
    customer_id=st.none() | names,
    promotion=st.none() | names,
)


def changed(**fields: Any) -> bytes:
    """Return the sale's JSON with other fields, written by the standard library."""
    return json.dumps(json.loads(SALE.to_json()) | fields).encode()


def test_json_is_the_agreed_text() -> None:
    """The bytes are those of the contract, field by field, in its order."""
    assert SALE.to_json() == (
        b'{"sale_id":"S03-0000042","store_id":"S03","store_seq":42,"sku":"SKU-0017",'
        b'"quantity":2,"unit_price":3.99,"event_time":"2026-01-05T09:13:22.123Z",'
        b'"customer_id":"C00123","promotion":null}'
    )


@given(sales)
def test_round_trip(sale: Sale) -> None:
    """Every sale that can be made comes back from its JSON as it was."""
    assert Sale.from_json(sale.to_json()) == sale


@given(sales)
def test_json_against_the_standard_library(sale: Sale) -> None:
    """Another JSON reader finds the same exact price, the same time and the same text."""
    fields = json.loads(sale.to_json(), parse_float=Decimal, parse_int=Decimal)
    assert tuple(fields) == FIELDS
    assert fields["unit_price"] == sale.unit_price
    assert fields["event_time"] == sale.event_time.isoformat(timespec="milliseconds")[:-6] + "Z"
    assert fields["sale_id"] == sale.sale_id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sale_id", ""),
        ("sale_id", None),
        ("sale_id", 42),
        ("store_id", "S\0"),
        ("sku", ["SKU-0017"]),
        ("store_seq", 0),
        ("store_seq", 2**63),
        ("store_seq", 1.0),
        ("store_seq", True),
        ("quantity", 0),
        ("quantity", 1.5),
        ("quantity", "three"),
        ("quantity", 2**31),
        ("quantity", False),
        ("unit_price", "3.99"),
        ("unit_price", None),
        ("unit_price", True),
        ("unit_price", 3.9999),
        ("unit_price", 1e9),
        ("unit_price", -1e300),
        ("unit_price", 10**30),
        ("event_time", "yesterday"),
        ("event_time", 1767604402),
        ("event_time", "2026-01-05T09:13:22.123"),
        ("event_time", "2026-01-05T09:13:22Z"),
        ("event_time", "2026-01-05T09:13:22.123+01:00"),
        ("event_time", "2026-02-30T09:13:22.123Z"),
        ("customer_id", 17850),
        ("customer_id", ""),
        ("promotion", False),
    ],
)
def test_refuses_a_wrong_field(field: str, value: object) -> None:
    """The message names the field and shows what was seen."""
    with pytest.raises(InvalidSale) as refusal:
        Sale.from_json(changed(**{field: value}))
    assert field in refusal.value.what
    assert refusal.value.seen is not None
    assert refusal.value.seen.startswith(f"{field}=")


@pytest.mark.parametrize(
    "value", [b"", b"null", b"[]", b'"sale"', b"\xff", b"{}", b'{"sale_id": NaN}']
)
def test_refuses_what_is_no_sale_at_all(value: bytes) -> None:
    """Bytes that are no JSON object with fields are refused, not answered with a crash."""
    with pytest.raises(InvalidSale):
        Sale.from_json(value)


def test_refuses_missing_and_unknown_fields() -> None:
    """Both messages name the field; an optional field is null, never absent."""
    fields = json.loads(SALE.to_json())
    del fields["promotion"]
    with pytest.raises(InvalidSale, match="lacks promotion"):
        Sale.from_json(json.dumps(fields).encode())
    with pytest.raises(InvalidSale, match="no field colour"):
        Sale.from_json(changed(colour="red"))


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 1, 5, 9),
        datetime(2026, 1, 5, 9, tzinfo=timezone(timedelta(hours=1))),
        datetime(2026, 1, 5, 9, 0, 0, 1, tzinfo=UTC),
    ],
)
def test_a_sale_takes_only_utc_in_milliseconds(time: datetime) -> None:
    """A time that JSON could not hold is refused when the sale is made, not when it is sent."""
    with pytest.raises(InvalidSale, match="event_time"):
        Sale("S1-1", "S1", 1, "SKU-1", 1, Decimal(1), time)


def test_a_sale_takes_no_text_that_utf8_cannot_hold() -> None:
    """Half a surrogate pair is refused when the sale is made."""
    with pytest.raises(InvalidSale, match="sku"):
        Sale("S1-1", "S1", 1, "\ud83d", 1, Decimal(1), SALE.event_time)


@pytest.mark.parametrize("defect", Defect)
@given(sale=sales)
def test_spoiled_sales_are_refused(defect: Defect, sale: Sale) -> None:
    """No defect leaves a sale valid, whatever the sale."""
    with pytest.raises(InvalidSale):
        Sale.from_json(spoil(sale.to_json(), defect))
