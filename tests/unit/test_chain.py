"""Tests of the made-up chain: its demand as counted against its formula."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from lablib.chain import HOURS, WEEKDAYS, Chain, Day

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def make_chain(seed: int = 1, growth: float = 0.0, events_per_day: float = 4_000.0) -> Chain:
    """Return a chain of 5 stores and 40 SKUs."""
    return Chain(
        seed=seed,
        stores=5,
        skus=40,
        customers=500,
        start=START,
        events_per_day=events_per_day,
        growth=growth,
    )


@pytest.fixture(scope="module")
def weeks() -> list[Day]:
    """Four weeks of a chain, some 110,000 sales."""
    return list(islice(make_chain().days(), 28))


def test_rhythms_are_normalised() -> None:
    """The hours' shares add up to 1 and the weekdays' factors average 1."""
    assert HOURS.sum() == pytest.approx(1)
    assert WEEKDAYS.mean() == pytest.approx(1)


def test_counts_follow_the_formula(weeks: list[Day]) -> None:
    """Counts by hour differ from the expected ones no more than Poisson counts do."""
    chain = make_chain()
    counts = Counter(int(time) // 3_600_000 for day in weeks for time in day.time_ms)
    squares = []
    for number in range(28 * 24):
        hour = START + timedelta(hours=number)
        expected = chain.expected(hour)
        seen = counts.pop(int(hour.timestamp()) // 3600, 0)
        if expected:
            squares.append((seen - expected) ** 2 / expected)
        else:
            assert seen == 0, f"sales while closed, at {hour}"
    assert not counts
    # Chi-square with k degrees of freedom has mean k and variance 2 k; 4 sigma.
    assert len(squares) == 28 * 14
    assert abs(sum(squares) - len(squares)) < 4 * np.sqrt(2 * len(squares))


def test_expected_by_hand() -> None:
    """The formula, worked out by hand for a Saturday at noon a year on, without a promotion."""
    chain = make_chain(growth=0.5)
    hours = (START + timedelta(days=5 + 7 * week, hours=12) for week in range(53))
    hour = next(h for h in hours if not chain.promotions(h, h + timedelta(hours=1)))
    years = (hour - START).total_seconds() / (365 * 86_400)
    assert chain.expected(hour) == pytest.approx(4_000 * 0.09 * 1.42 * 1.5**years)


def test_promotions_sell_more_for_less(weeks: list[Day]) -> None:
    """On promotion, SKUs sell their uplift more often than else, at their discount."""
    chain = make_chain()
    offers = chain.promotions(START, START + timedelta(days=28))
    assert len(offers) == 4
    assert len({offer.name for offer in offers}) == 4
    sold = {offer.name: 0 for offer in offers}
    for day in weeks:
        for row in np.flatnonzero(day.promotion >= 0):
            offer = day.promotions[day.promotion[row]]
            sku = day.sku[row]
            assert offer.start.timestamp() <= day.time_ms[row] / 1000 < offer.end.timestamp()
            assert chain.sku_ids[sku] in offer.skus
            assert day.cents[row] == round(chain.cents[sku] * (1 - offer.discount))
            assert day.quantity[row] > 0
            sold[offer.name] += 1
    for offer in offers:
        share = sum(chain.sku_shares[chain.sku_ids.index(sku)] for sku in offer.skus)
        days = [offer.start + timedelta(days=n) for n in range((offer.end - offer.start).days)]
        plain = sum(4_000 * WEEKDAYS[day.weekday()] for day in days) * share
        expected = plain * offer.uplift * 0.98  # the other 2 % are returns
        assert abs(sold[offer.name] - expected) < 4 * np.sqrt(expected)
        assert sold[offer.name] > plain


def test_promotions_do_not_hang_on_the_window() -> None:
    """Asking for a day gives the same promotions as asking for the month around it."""
    chain = make_chain()
    month = chain.promotions(START, START + timedelta(days=28))
    for number in range(28):
        begin = START + timedelta(days=number)
        end = begin + timedelta(days=1)
        touching = tuple(o for o in month if o.start < end and begin < o.end)
        assert chain.promotions(begin, end) == touching


def test_popularity_follows_zipf(weeks: list[Day]) -> None:
    """Stores and SKUs sell in proportion to a power of their rank."""
    chain = make_chain()
    stores = np.bincount(np.concatenate([day.store for day in weeks]))
    weights = np.array([1, 2, 3, 4, 5]) ** -0.6
    assert np.sort(stores)[::-1] / stores.sum() == pytest.approx(weights / weights.sum(), rel=0.03)
    plain = [day.sku for day in weeks if not day.promotions]
    skus = np.bincount(np.concatenate(plain), minlength=40)
    assert np.sort(chain.sku_shares)[::-1][:2] == pytest.approx(
        np.array([1, 2**-0.9]) / sum(rank**-0.9 for rank in range(1, 41))
    )
    assert skus / skus.sum() == pytest.approx(chain.sku_shares, rel=0.3)


def test_returns_and_customers(weeks: list[Day]) -> None:
    """About 2 % of the sales are returns and about 70 % name a customer."""
    quantity = np.concatenate([day.quantity for day in weeks])
    customer = np.concatenate([day.customer for day in weeks])
    assert np.mean(quantity < 0) == pytest.approx(0.02, rel=0.1)
    assert not np.any(quantity == 0)
    assert np.mean(customer >= 0) == pytest.approx(0.7, rel=0.02)
    assert customer.max() == 499


def test_growth() -> None:
    """With 100 % growth a year, the last of 365 days sells twice as much as without."""
    day = START + timedelta(days=364, hours=12)
    ratio = make_chain(growth=1.0).expected(day) / make_chain().expected(day)
    assert ratio == pytest.approx(2, rel=0.01)
