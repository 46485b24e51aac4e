"""How good an event is, seen from its topic alone, and why a dead letter is one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from lablib.errors import InvalidSale
from lablib.sale import FIELDS, Sale

LATE_AFTER = timedelta(seconds=60)
# So many in a row are no latecomers: whoever sends began anew, at an earlier time (a second replay).
BEGAN_ANEW = 5
REMEMBERED = 200_000
REASON = "__connect.errors.exception.message"
REASONS = (*FIELDS, "json", "other")
"""What can be wrong with a dead letter; the series are as many as these."""


class Quality(StrEnum):
    """What an event is, seen from the topic alone. If two apply, the first of this order counts."""

    INVALID = "invalid"
    DUPLICATE = "duplicate"
    LATE = "late"
    VALID = "valid"


class Judge:
    """Tells the quality of events, which must come in the order of their partition."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        """Remember so many sales to know a duplicate by."""
        self._order: deque[str] = deque(maxlen=remembered)
        self._known: set[str] = set()
        self._newest: dict[int, datetime] = {}
        self._late_in_a_row: dict[int, int] = {}

    def judge(self, partition: int, value: bytes | None) -> Quality:
        """Tell what an event is, and remember it."""
        try:
            sale = Sale.from_json(value or b"")
        except InvalidSale:
            return Quality.INVALID
        if sale.sale_id in self._known:
            return Quality.DUPLICATE
        if len(self._order) == self._order.maxlen:
            self._known.remove(self._order[0])
        self._order.append(sale.sale_id)
        self._known.add(sale.sale_id)
        newest = self._newest.get(partition, sale.event_time)
        late = newest - sale.event_time > LATE_AFTER
        in_a_row = self._late_in_a_row[partition] = late * (
            self._late_in_a_row.get(partition, 0) + 1
        )
        if in_a_row == BEGAN_ANEW:
            newest, self._late_in_a_row[partition] = sale.event_time, 0
        self._newest[partition] = max(newest, sale.event_time)
        return Quality.LATE if late else Quality.VALID


def reason(headers: Mapping[str, str | bytes | None]) -> str:
    """Return why Connect refused a record: a field of a sale, ``json``, or ``other``."""
    text = headers.get(REASON) or ""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if "not JSON" in text:
        return "json"
    field = re.search(r"\bvalue\.(\w+)", text)
    return field[1] if field and field[1] in FIELDS else "other"


def origin(headers: Mapping[str, str | bytes | None]) -> tuple[str, int, int] | None:
    """Return the topic, partition and offset that a dead letter had; None if it does not say."""
    places = [headers.get(f"__connect.errors.{name}") for name in ("topic", "partition", "offset")]
    topic, partition, offset = (p.decode() if isinstance(p, bytes) else p for p in places)
    if topic is None or partition is None or offset is None:
        return None
    return topic, int(partition), int(offset)
