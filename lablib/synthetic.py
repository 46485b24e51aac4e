"""Seeded events of a made-up chain: its valid sales, and the faults that streams have.

What the chain sells, and when, is in `lablib.chain`, with the formula of its demand.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from lablib.chain import DAY, HOUR, Chain, Day, Ints, Promotion, require
from lablib.errors import LabError
from lablib.sale import FIELDS, Defect, Event, Kind, Sale, sale_json, spoil

SHORTEST_DELAY_MS = 2 * 60_000
LONGEST_DELAY_MS = 3 * 3_600_000
RESENT_AFTER = 20
"""Mean number of events between a sale and its duplicate."""

_CHUNK = 8_192
_DEFECTS = tuple(Defect)
_UNREADABLE_ID = (Defect.TRUNCATED, Defect.NO_SALE_ID)
_LATE, _DUPLICATES, _INVALID = (
    100,
    101,
    102,
)  # random streams, apart from those of the chain


class SyntheticSales:
    """A source of sales: seeded, so that it yields the same events every time.

    Args:
        seed: a whole number from 0; another one gives other shops, prices and sales.
        stores: number of stores, called S01, S02 ...
        skus: number of articles, called SKU-0001 ...
        customers: number of customers, called C00001 ...; 70 % of the sales name one.
        start: an aware datetime on the full hour.
        events_per_day: mean number of valid sales a day, before growth and promotions.
        days: number of days of 24 hours; None goes on for ever.
        growth: how much the sales grow in a year; 0.1 is 10 %.
        duplicates: fraction of the sales that are sent once more, some events later.
        late: fraction of the sales that are held back for 2 minutes to 3 hours of event time.
            They still come on their own day, so the last two minutes' sales are never late.
        invalid: fraction of the sales that are followed by a broken event, sent in addition.

    The faults have random streams of their own: the valid sales are the same with all of them.
    A day is drawn at once: a million events a day take about 0.2 GB.
    """

    def __init__(
        self,
        seed: int = 1,
        *,
        stores: int = 8,
        skus: int = 200,
        customers: int = 20_000,
        start: datetime = datetime(2026, 1, 5, tzinfo=UTC),
        events_per_day: float = 1_000_000,
        days: int | None = None,
        growth: float = 0.1,
        duplicates: float = 0.0,
        late: float = 0.0,
        invalid: float = 0.0,
    ) -> None:
        """Check the arguments; a wrong one is a `LabError` with its name."""
        self.chain = Chain(
            seed=seed,
            stores=stores,
            skus=skus,
            customers=customers,
            start=start,
            events_per_day=events_per_day,
            growth=growth,
        )
        require(
            days is None or (isinstance(days, int) and days >= 1),
            "days",
            days,
            "a whole number from 1, or None for a stream without end",
        )
        for name, fraction in (
            ("duplicates", duplicates),
            ("late", late),
            ("invalid", invalid),
        ):
            require(
                0 <= fraction <= 1,
                name,
                fraction,
                "a fraction from 0 to 1 (0.01 is 1 %)",
            )
        self.seed, self.days = seed, days
        self.duplicates, self.late, self.invalid = duplicates, late, invalid
        # An index of -1 stands for an unknown customer, and takes the last name.
        self._customers = (*self.chain.customer_ids, None)

    def __iter__(self) -> Iterator[Event]:
        """Yield what a producer sends, faults included."""
        faults = [
            np.random.default_rng([self.seed, stream]) for stream in (_LATE, _DUPLICATES, _INVALID)
        ]
        for day in self._days():
            yield from self._events(day, *faults)

    def sales(self) -> Iterator[Sale]:
        """Yield the valid sales, each once, in order of event time."""
        for day in self._days():
            for fields in zip(*self._columns(day, np.arange(len(day.time_ms))), strict=True):
                yield Sale.from_json(sale_json(*fields))

    def frame(self) -> pd.DataFrame:
        """Return the valid sales in order of event time: one row a sale, the fields as columns.

        ``unit_price`` is a float, ``event_time`` a timestamp in UTC. Needs ``days``.
        """
        self._need_days()
        parts = []
        for day in self._days():
            columns = self._columns(day, np.arange(len(day.time_ms)))
            part = pd.DataFrame(dict(zip(FIELDS, columns, strict=True)))
            part["event_time"] = pd.to_datetime(day.time_ms, unit="ms", utc=True)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def promotions(self) -> tuple[Promotion, ...]:
        """Return the promotions that touch the days of this source. Needs ``days``."""
        days = self._need_days()
        return self.chain.promotions(self.chain.start, self.chain.start + days * DAY)

    def expected_hourly(self) -> pd.Series[float]:
        """Return the expected number of valid sales, indexed by the hour's begin in UTC.

        The formula is that of `lablib.chain`. Needs ``days``.
        """
        hours = [self.chain.start + number * HOUR for number in range(self._need_days() * 24)]
        return pd.Series([self.chain.expected(hour) for hour in hours], pd.DatetimeIndex(hours))

    def _need_days(self) -> int:
        if self.days is None:
            raise LabError("A stream without end has no such table.", "days=None", "give days")
        return self.days

    def _days(self) -> Iterator[Day]:
        return islice(self.chain.days(), self.days)

    def _columns(self, day: Day, rows: Ints) -> list[list[Any]]:
        """Return the fields of these rows, a list each, in the order of `FIELDS`."""
        # The seed is part of the id: two streams of sales must not overwrite each other.
        seed = self.seed
        stores = [self.chain.store_ids[store] for store in day.store[rows].tolist()]
        numbers = day.store_seq[rows].tolist()
        times = day.time_ms[rows].astype("datetime64[ms]")
        offers = (*(offer.name for offer in day.promotions), None)
        return [
            [f"{s}-{seed}-{number:07}" for s, number in zip(stores, numbers, strict=True)],
            stores,
            numbers,
            [self.chain.sku_ids[sku] for sku in day.sku[rows].tolist()],
            day.quantity[rows].tolist(),
            (day.cents[rows] / 100).tolist(),
            np.datetime_as_string(times, unit="ms", timezone="UTC").tolist(),
            [self._customers[customer] for customer in day.customer[rows].tolist()],
            [offers[offer] for offer in day.promotion[rows].tolist()],
        ]

    def _events(
        self,
        day: Day,
        late: np.random.Generator,
        duplicates: np.random.Generator,
        invalid: np.random.Generator,
    ) -> Iterator[Event]:
        """Put a day's sales in the order of sending, faults added, and encode them."""
        rows, is_late = _hold_back(late, self.late, day.time_ms)
        size = len(rows)
        again = np.flatnonzero(duplicates.random(size) < self.duplicates)
        broken = np.flatnonzero(invalid.random(size) < self.invalid)
        place = np.concatenate(
            [
                np.arange(size),
                again + duplicates.geometric(1 / RESENT_AFTER, len(again)) + 0.5,
                broken + 0.25,
            ]
        )
        turn = np.argsort(place, kind="stable")
        rows = np.concatenate([rows, rows[again], rows[broken]])[turn]
        kinds = [Kind.LATE if held else Kind.SALE for held in is_late.tolist()]
        kinds += [Kind.DUPLICATE] * len(again) + [Kind.INVALID] * len(broken)
        for first in range(0, len(rows), _CHUNK):
            chunk = slice(first, first + _CHUNK)
            columns = self._columns(day, rows[chunk])
            times = (day.time_ms[rows[chunk]] / 1000).tolist()
            for fields, time, number in zip(
                zip(*columns, strict=True), times, turn[chunk].tolist(), strict=True
            ):
                kind = kinds[number]
                if kind is Kind.INVALID:
                    defect = _DEFECTS[invalid.integers(len(_DEFECTS))]
                    yield _invalid(fields, defect, time)
                else:
                    yield Event(fields[1].encode(), sale_json(*fields), kind, fields[0], time)


def _hold_back(
    rng: np.random.Generator, fraction: float, time_ms: Ints
) -> tuple[Ints, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return the rows in the order of sending, and for each whether it comes late.

    A late sale comes right after the first punctual one whose event time is at least the
    delay ahead of its own. Delays are spread evenly on a logarithmic scale.
    """
    size = len(time_ms)
    chosen, shade = rng.random(size) < fraction, rng.random(size)
    room = (time_ms[-1:] - time_ms).clip(max=LONGEST_DELAY_MS)
    late = chosen & (room >= SHORTEST_DELAY_MS)
    delay = SHORTEST_DELAY_MS * (room[late] / SHORTEST_DELAY_MS) ** shade[late]
    place = np.empty(size)
    place[~late] = np.arange(size - late.sum())
    place[late] = np.searchsorted(time_ms[~late], time_ms[late] + delay.astype(np.int64)) + 0.5
    rows = np.argsort(place, kind="stable")
    return rows, late[rows]


def _invalid(fields: tuple[Any, ...], defect: Defect, time: float) -> Event:
    # With an id of its own, a broken event can never overwrite the sale it was made from.
    sale_id = f"{fields[0]}-X"
    value = spoil(sale_json(sale_id, *fields[1:]), defect)
    seen = "" if defect in _UNREADABLE_ID else sale_id
    return Event(fields[1].encode(), value, Kind.INVALID, seen, time)
