"""A retail chain that does not exist, with the rhythm of one that does.

The expected number of sales in the hour that begins at ``t`` (UTC, the chain's own clock) is

    expected(t) = events_per_day * HOURS[hour] * WEEKDAYS[weekday] * (1 + growth)**years * lift(t)

``HOURS`` adds up to 1 over a day and is 0 while the shops are closed; ``WEEKDAYS`` averages 1
over a week; ``years`` are those since the start. ``lift(t)`` is 1 plus the sum, over the SKUs
on promotion, of each SKU's share times (uplift - 1). The number of sales in an hour is Poisson
with this mean, their times are uniform within the hour. A sale falls to the store of popularity
rank r in proportion to r**-0.6, and to the SKU of rank r in proportion to r**-0.9 times its
uplift (Zipf's law; the ranks are shuffled, so S01 need not be the busiest store).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import numpy as np
import numpy.typing as npt

from lablib.errors import LabError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

HOURS: Floats = np.array([0] * 7 + [2, 4, 6, 7, 8, 9, 8, 6, 6, 8, 11, 12, 8, 5] + [0] * 3) / 100
WEEKDAYS: Floats = np.array([0.88, 0.86, 0.92, 0.98, 1.16, 1.42, 0.78])  # from Monday
STORE_ZIPF, SKU_ZIPF = 0.6, 0.9
QUANTITIES = np.array([1, 2, 3, 4, 6, 12])
QUANTITY_SHARES = np.array([0.62, 0.20, 0.08, 0.05, 0.04, 0.01])
RETURNS = 0.02
KNOWN_CUSTOMERS = 0.7
PROMOTED_SKUS = 0.05

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
_HOUR_MS = 3_600_000
_FIRST_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_SEASONS = ("WINTER", "SPRING", "SUMMER", "AUTUMN")
# One random stream for each purpose, so that none of them can shift another.
_SHOPS, _SALES, _PROMOTIONS = range(3)


@dataclass(frozen=True, slots=True)
class Promotion:
    """Some SKUs at a lower price, from ``start`` up to (not including) ``end``."""

    name: str
    start: datetime
    end: datetime
    skus: tuple[str, ...]
    discount: float
    """The part of the price that is given away: 0.2 is 20 % off."""
    uplift: float
    """How many times as often the SKUs sell: 2.5."""


@dataclass(frozen=True, slots=True)
class Day:
    """The sales of 24 hours in columns of one length, in order of event time."""

    time_ms: Ints
    """Milliseconds since 1970."""
    store: Ints
    """Index into the chain's ``store_ids``; the same for SKU, customer and promotion."""
    store_seq: Ints
    sku: Ints
    quantity: Ints
    cents: Ints
    customer: Ints
    """-1 where nobody knows."""
    promotion: Ints
    """Index into ``promotions``; -1 where there is none."""
    promotions: tuple[Promotion, ...]


class Chain:
    """Stores, SKUs, prices, promotions and demand; everything follows from the arguments."""

    def __init__(
        self,
        *,
        seed: int,
        stores: int,
        skus: int,
        customers: int,
        start: datetime,
        events_per_day: float,
        growth: float,
    ) -> None:
        """Take the arguments of `lablib.synthetic.SyntheticSales`; a wrong one is a `LabError`."""
        require(_is_whole(seed, 0), "seed", seed, "a whole number from 0")
        for name, number, limit in (
            ("stores", stores, 10_000),
            ("skus", skus, 100_000),
            ("customers", customers, 10_000_000),
        ):
            good = _is_whole(number, 1, limit)
            require(good, name, number, f"a whole number from 1 to {limit:,}")
        require(
            start.utcoffset() is not None
            and start == start.replace(minute=0, second=0, microsecond=0),
            "start",
            start,
            "an aware datetime on the full hour, such as datetime(2026, 1, 5, tzinfo=UTC)",
        )
        require(
            0 < events_per_day <= 20_000_000,
            "events_per_day",
            events_per_day,
            "a number above 0, up to 20 million (how fast they are sent is the producer's rate)",
        )
        require(-1 < growth <= 10, "growth", growth, "a number above -1, up to 10")

        self.seed = seed
        self.start = start.astimezone(UTC)
        self.events_per_day = events_per_day
        self.growth = growth
        self.store_ids = _names("S", stores, 2)
        self.sku_ids = _names("SKU-", skus, 4)
        self.customer_ids = _names("C", customers, 5)

        shops = np.random.default_rng([seed, _SHOPS])
        self.store_shares = _zipf(shops, stores, STORE_ZIPF)
        self.sku_shares = _zipf(shops, skus, SKU_ZIPF)
        # Prices end in 9, as they do in shops; half of them are below 4.00.
        self.cents: Ints = shops.lognormal(np.log(40), 0.9, skus).astype(np.int64) * 10 + 9

    def promotions(self, begin: datetime, end: datetime) -> tuple[Promotion, ...]:
        """Return the promotions that touch the time from ``begin`` up to ``end``, in order.

        Each week from Monday has one of two to four days, whatever the chain's start.
        """
        first, last = ((time - _FIRST_MONDAY) // WEEK for time in (begin, end))
        weeks = [self._promotion(week) for week in range(first, last + 1)]
        return tuple(offer for offer in weeks if offer.start < end and begin < offer.end)

    def expected(self, hour: datetime) -> float:
        """Return the expected number of sales in the hour from ``hour``; see the module's text."""
        hour = hour.astimezone(UTC)
        offers = self.promotions(hour, hour + HOUR)
        return self._plain(hour) * float(self._demand(offers[0] if offers else None).sum())

    def days(self) -> Iterator[Day]:
        """Yield the chain's sales from its start, 24 hours at a time, for ever."""
        rng = np.random.default_rng([self.seed, _SALES])
        sold = np.zeros(len(self.store_ids), np.int64)
        for number in count():
            yield self._day(rng, self.start + number * DAY, sold)

    def _plain(self, hour: datetime) -> float:
        years = (hour - self.start) / timedelta(days=365)
        rhythm = float(HOURS[hour.hour] * WEEKDAYS[hour.weekday()])
        return self.events_per_day * rhythm * float((1 + self.growth) ** years)

    def _demand(self, offer: Promotion | None) -> Floats:
        """Each SKU's share of the plain demand, times its uplift."""
        demand = self.sku_shares.copy()
        if offer:
            demand[_indices(offer)] *= offer.uplift
        return demand

    def _promotion(self, week: int) -> Promotion:
        rng = np.random.default_rng([self.seed, _PROMOTIONS, abs(week), int(week < 0)])
        skus = len(self.sku_ids)
        offered = np.sort(rng.choice(skus, max(1, round(skus * PROMOTED_SKUS)), replace=False))
        start = _FIRST_MONDAY + week * WEEK + int(rng.integers(0, 4)) * DAY
        percent = int(rng.choice([10, 15, 20, 30]))
        year, number, _ = start.isocalendar()
        return Promotion(
            name=f"{_SEASONS[start.month % 12 // 3]}{percent}-{year % 100:02}W{number:02}",
            start=start,
            end=start + int(rng.integers(2, 5)) * DAY,
            skus=tuple(self.sku_ids[index] for index in offered),
            discount=percent / 100,
            uplift=round(1 + percent / 10 * float(rng.uniform(0.6, 1.2)), 2),
        )

    def _day(self, rng: np.random.Generator, begin: datetime, sold: Ints) -> Day:
        """Draw 24 hours of sales; ``sold`` counts the sales of each store so far."""
        offers = self.promotions(begin, begin + DAY)
        times, skus, promotions = [], [], []
        for hour in (begin + number * HOUR for number in range(24)):
            running = [n for n, offer in enumerate(offers) if offer.start <= hour < offer.end]
            current = running[0] if running else -1
            demand = self._demand(offers[current] if running else None)
            sales = rng.poisson(self._plain(hour) * demand.sum())
            first = int(hour.timestamp()) * 1000
            times.append(first + np.sort(rng.integers(0, _HOUR_MS, sales)))
            sku = _draw(rng, demand, sales)
            skus.append(sku)
            offered = np.full(len(demand), -1)
            offered[_indices(offers[current]) if running else []] = current
            promotions.append(offered[sku])

        time_ms, sku, promotion = (np.concatenate(parts) for parts in (times, skus, promotions))
        size = len(time_ms)
        store = _draw(rng, self.store_shares, size)
        quantity = QUANTITIES[_draw(rng, QUANTITY_SHARES, size)]
        returned = rng.random(size) < RETURNS
        known = rng.random(size) < KNOWN_CUSTOMERS
        customer = np.where(known, rng.integers(0, len(self.customer_ids), size), -1)
        # What comes back is paid back in full: nobody knows in which week it was bought.
        promotion = np.where(returned, -1, promotion)
        off = np.array([offer.discount for offer in offers] + [0.0])  # the last one for index -1
        return Day(
            time_ms=time_ms,
            store=store,
            store_seq=_continue(sold, store),
            sku=sku,
            quantity=np.where(returned, -quantity, quantity),
            cents=np.rint(self.cents[sku] * (1 - off[promotion])).astype(np.int64),
            customer=customer,
            promotion=promotion,
            promotions=offers,
        )


def require(good: bool, name: str, value: object, right: str) -> None:
    """Raise a `LabError` that says what argument ``name`` should be, unless it is ``good``."""
    if not good:
        raise LabError(f"The argument {name} is wrong.", f"{name}={value!r}", f"give {right}")


def _is_whole(number: object, least: int, most: float = np.inf) -> bool:
    return isinstance(number, int) and least <= number <= most


def _names(prefix: str, size: int, digits: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number:0{digits}}" for number in range(1, size + 1))


def _indices(offer: Promotion) -> list[int]:
    return [int(sku.removeprefix("SKU-")) - 1 for sku in offer.skus]


def _zipf(rng: np.random.Generator, size: int, exponent: float) -> Floats:
    weights = rng.permutation(np.arange(1, size + 1, dtype=float) ** -exponent)
    return np.asarray(weights / weights.sum())


def _draw(rng: np.random.Generator, weights: Floats, size: int) -> Ints:
    """Draw ``size`` indices in proportion to ``weights``."""
    edges = np.cumsum(weights)
    drawn = np.searchsorted(edges, rng.random(size) * edges[-1], side="right")
    # Rounding may put the product on the last edge itself.
    return np.asarray(np.minimum(drawn, len(weights) - 1))


def _continue(sold: Ints, store: Ints) -> Ints:
    """Number each store's sales on from ``sold``, which is brought up to date in place."""
    order = np.argsort(store, kind="stable")
    sizes = np.bincount(store, minlength=len(sold))
    rank = np.arange(len(store)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    numbers = np.empty(len(store), np.int64)
    numbers[order] = rank + 1 + np.repeat(sold, sizes)
    sold += sizes
    return numbers
