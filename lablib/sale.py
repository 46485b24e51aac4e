"""A sale: the event that this course is about, and its JSON form.

::

    {"sale_id": "S03-1-0000042", "store_id": "S03", "store_seq": 42, "sku": "SKU-0017",
     "quantity": 2, "unit_price": 3.99, "event_time": "2026-01-05T09:13:22.123Z",
     "customer_id": "C00123", "promotion": null}

A source of sales is any iterable of `Event`. It yields the same events each time.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, NoReturn

import orjson

from lablib.errors import InvalidSale

FIELDS = (
    "sale_id",
    "store_id",
    "store_seq",
    "sku",
    "quantity",
    "unit_price",
    "event_time",
    "customer_id",
    "promotion",
)
PRICE_LIMIT = Decimal(10**9)
INT32 = 2**31
INT64 = 2**63
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
_NO_OFFSET = timedelta(0)


class Kind(StrEnum):
    """What an event is, seen from the ledger."""

    SALE = "sale"
    DUPLICATE = "duplicate"
    LATE = "late"
    INVALID = "invalid"


class Event(NamedTuple):
    """What a producer sends: a record's key and value, and what the ledger notes about it."""

    key: bytes
    """The store's id in UTF-8, so that one store's sales stay in one partition."""
    value: bytes
    """The sale as JSON, or something broken when the kind is invalid."""
    kind: Kind
    sale_id: str
    """The id that the value carries; empty when it carries none that can be read."""
    event_time: float
    """Seconds since 1970; an invalid event has that of the sale it was made from."""


@dataclass(frozen=True, slots=True)
class Sale:
    """One line of a receipt, valid by construction (else `InvalidSale`).

    ``store_seq`` counts 1, 2, 3 ... within a store. A negative ``quantity`` is a return.
    ``unit_price`` has at most 3 decimals; ``event_time`` is UTC in whole milliseconds.
    """

    sale_id: str
    store_id: str
    store_seq: int
    sku: str
    quantity: int
    unit_price: Decimal
    event_time: datetime
    customer_id: str | None = None
    promotion: str | None = None

    def __post_init__(self) -> None:
        _check_text("sale_id", self.sale_id)
        _check_text("store_id", self.store_id)
        _check_text("sku", self.sku)
        if self.customer_id is not None:
            _check_text("customer_id", self.customer_id)
        if self.promotion is not None:
            _check_text("promotion", self.promotion)
        # `type(x) is int`, because True is an int too.
        if type(self.store_seq) is not int or not 0 < self.store_seq < INT64:
            _refuse("store_seq", self.store_seq, "a whole number from 1")
        if type(self.quantity) is not int or not 0 < abs(self.quantity) < INT32:
            _refuse("quantity", self.quantity, "a whole number other than 0, below 2**31")
        _check_price(self.unit_price)
        _check_time(self.event_time)

    def to_json(self) -> bytes:
        """Return the sale as compact JSON in UTF-8, with the fields in the order of `FIELDS`."""
        return sale_json(
            self.sale_id,
            self.store_id,
            self.store_seq,
            self.sku,
            self.quantity,
            float(self.unit_price),
            _time_text(self.event_time),
            self.customer_id,
            self.promotion,
        )

    @classmethod
    def from_json(cls, value: bytes) -> Sale:
        """Read a sale strictly; raises `InvalidSale` with the field and the value seen."""
        try:
            fields = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvalidSale(
                f"A sale must be JSON: {error}.",
                _shown(value),
                "send one whole JSON object",
            ) from None
        if not isinstance(fields, dict):
            raise InvalidSale("A sale must be a JSON object.", _shown(value))
        if fields.keys() != _FIELD_SET:
            _refuse_fields(fields)
        fields["unit_price"] = _read_price(fields["unit_price"])
        fields["event_time"] = _read_time(fields["event_time"])
        return cls(**fields)


_FIELD_SET = frozenset(FIELDS)


def sale_json(
    sale_id: str,
    store_id: str,
    store_seq: int,
    sku: str,
    quantity: int,
    unit_price: float,
    event_time: str,
    customer_id: str | None,
    promotion: str | None,
) -> bytes:
    """Return the JSON of a sale from fields that are known to be good.

    The one place that decides the form. Sources that make many sales at once call it
    directly. ``unit_price`` is the float nearest to the decimal price: its shortest text,
    which is what JSON shows, is exact for prices of at most 15 digits. ``event_time`` is
    text such as ``2026-01-05T09:13:22.123Z``.
    """
    return orjson.dumps(
        {
            "sale_id": sale_id,
            "store_id": store_id,
            "store_seq": store_seq,
            "sku": sku,
            "quantity": quantity,
            "unit_price": unit_price,
            "event_time": event_time,
            "customer_id": customer_id,
            "promotion": promotion,
        }
    )


class Defect(StrEnum):
    """How a sale arrives broken in real life."""

    TRUNCATED = "truncated"
    NO_SALE_ID = "no sale_id"
    NO_STORE_ID = "no store_id"
    QUANTITY_TEXT = "quantity as text"
    PRICE_TEXT = "price as text"
    TIME_TEXT = "event_time that is no time"


def spoil(sale: bytes, defect: Defect) -> bytes:
    """Return the JSON of a valid sale with one defect; `Sale.from_json` refuses the result."""
    if defect is Defect.TRUNCATED:
        return sale[: len(sale) * 2 // 3]
    fields: dict[str, Any] = orjson.loads(sale)
    match defect:
        case Defect.NO_SALE_ID:
            del fields["sale_id"]
        case Defect.NO_STORE_ID:
            del fields["store_id"]
        case Defect.QUANTITY_TEXT:
            fields["quantity"] = "three"
        case Defect.PRICE_TEXT:
            fields["unit_price"] = f"£{fields['unit_price']}"
        case Defect.TIME_TEXT:
            fields["event_time"] = "yesterday"
    return orjson.dumps(fields)


def _time_text(time: datetime) -> str:
    # orjson writes a UTC datetime four times as fast as isoformat, but omits zero fractions.
    text = orjson.dumps(time).decode()
    return text[1:24] + "Z" if time.microsecond else text[1:20] + ".000Z"


def _check_text(field: str, value: object) -> None:
    if not isinstance(value, str) or not value or "\0" in value:
        _refuse(
            field,
            value,
            "text, not empty, without NUL characters (Postgres takes none)",
        )
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        _refuse(field, value, "text that UTF-8 can hold")


def _check_price(price: object) -> None:
    if not isinstance(price, Decimal) or not price.is_finite():
        _refuse("unit_price", price, "a decimal number such as 3.99")
    if abs(price) >= PRICE_LIMIT:
        _refuse("unit_price", price, "a price below 1,000,000,000")
    if price != round(price, 3):
        _refuse("unit_price", price, "a price with at most 3 decimals")


def _check_time(time: object) -> None:
    if not isinstance(time, datetime) or time.utcoffset() != _NO_OFFSET:
        _refuse("event_time", time, "an aware datetime in UTC")
    if time.microsecond % 1000:
        _refuse("event_time", time, "a time in whole milliseconds")


def _read_price(value: object) -> Decimal:
    if type(value) is not float and type(value) is not int:
        _refuse("unit_price", value, "a number such as 3.99")
    return Decimal(repr(value))


def _read_time(value: object) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        with suppress(ValueError):
            return datetime.fromisoformat(value)
    return _refuse("event_time", value, "UTC in milliseconds, such as 2026-01-05T09:13:22.123Z")


def _refuse_fields(fields: dict[str, Any]) -> NoReturn:
    missing = [name for name in FIELDS if name not in fields]
    if missing:
        raise InvalidSale(
            f"A sale lacks {', '.join(missing)}.",
            f"only {', '.join(fields) or 'an empty object'}",
            f"send {' and '.join(missing)}; the optional fields are null, not absent",
        )
    unknown = [name for name in fields if name not in _FIELD_SET]
    raise InvalidSale(
        f"A sale has no field {', '.join(unknown)}.",
        ", ".join(f"{name}={_shown(fields[name])}" for name in unknown),
        f"send {', '.join(FIELDS)} and nothing else",
    )


def _refuse(field: str, value: object, right: str) -> NoReturn:
    raise InvalidSale(f"A sale's {field} is wrong.", f"{field}={_shown(value)}", f"send {right}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
