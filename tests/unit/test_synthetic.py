"""Tests of the synthetic source: its order, its faults, and what stays the same with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lablib.errors import InvalidSale, LabError
from lablib.sale import Event, Kind, Sale
from lablib.synthetic import LONGEST_DELAY_MS, SHORTEST_DELAY_MS, SyntheticSales

SMALL: dict[str, Any] = {"stores": 5, "skus": 40, "events_per_day": 3_000, "days": 4}
FAULTS: dict[str, Any] = {"duplicates": 0.03, "late": 0.05, "invalid": 0.02}


@pytest.fixture(scope="module")
def plain() -> list[Event]:
    """Four days without faults."""
    return list(SyntheticSales(7, **SMALL))


@pytest.fixture(scope="module")
def faulty() -> list[Event]:
    """The same four days with all faults."""
    return list(SyntheticSales(7, **SMALL, **FAULTS))


def test_yields_the_same_events_each_time(faulty: list[Event]) -> None:
    """A second pass, and another object with the same arguments, give the same events."""
    source = SyntheticSales(7, **SMALL, **FAULTS)
    assert list(source) == faulty
    assert list(source) == faulty


def test_another_seed_gives_other_sales(plain: list[Event]) -> None:
    """The seed matters."""
    other = list(SyntheticSales(8, **SMALL))
    assert {event.value for event in other}.isdisjoint(event.value for event in plain)


def test_plain_events_are_sales_in_order(plain: list[Event]) -> None:
    """Every event is a valid sale; event times rise; each store counts without a gap."""
    sales = [Sale.from_json(event.value) for event in plain]
    times = [sale.event_time for sale in sales]
    assert times == sorted(times)
    numbers = defaultdict(list)
    for event, sale in zip(plain, sales, strict=True):
        assert event.kind is Kind.SALE
        assert event.key.decode() == sale.store_id
        assert event.sale_id == sale.sale_id
        assert event.event_time == pytest.approx(sale.event_time.timestamp(), abs=1e-6)
        numbers[sale.store_id].append(sale.store_seq)
    assert set(numbers) == {"S01", "S02", "S03", "S04", "S05"}
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values())
    assert len({sale.sale_id for sale in sales}) == len(sales)


@pytest.mark.parametrize(
    "faults",
    [FAULTS, {"late": 1.0}, {"duplicates": 1.0}, {"invalid": 1.0, "late": 0.2}],
)
def test_faults_leave_the_valid_sales_alone(plain: list[Event], faults: dict[str, Any]) -> None:
    """Whatever the faults, each valid sale is sent, byte for byte, and counted once."""
    events = SyntheticSales(7, **SMALL, **faults)
    sent = [event.value for event in events if event.kind in (Kind.SALE, Kind.LATE)]
    assert sorted(sent) == sorted(event.value for event in plain)


def test_fractions_of_faults(plain: list[Event], faulty: list[Event]) -> None:
    """Faults are as frequent as asked for, within 4 sigma."""
    counts = Counter(event.kind for event in faulty)
    size = len(plain)
    for kind, fraction in (
        (Kind.DUPLICATE, 0.03),
        (Kind.LATE, 0.05),
        (Kind.INVALID, 0.02),
    ):
        assert abs(counts[kind] - fraction * size) < 4 * np.sqrt(size * fraction)


def test_duplicates_repeat_an_earlier_sale(faulty: list[Event]) -> None:
    """A duplicate has the key and the bytes of a sale that was sent before, not just before."""
    place: dict[str, int] = {}
    gaps = []
    for number, event in enumerate(faulty):
        if event.kind is Kind.DUPLICATE:
            first = place[event.sale_id]
            assert faulty[first][:2] == event[:2]
            gaps.append(number - first)
        elif event.kind is not Kind.INVALID:
            assert event.sale_id not in place
            place[event.sale_id] = number
    assert np.mean(gaps) == pytest.approx(21, rel=0.3)


def test_late_sales_come_behind_the_stream(faulty: list[Event]) -> None:
    """Sales of kind sale are in time order; a late one is at least two minutes behind them."""
    clock = 0.0
    delays = []
    for event in faulty:
        if event.kind is Kind.SALE:
            assert event.event_time >= clock
            clock = event.event_time
        elif event.kind is Kind.LATE:
            delays.append((clock - event.event_time) * 1000)
    assert min(delays) >= SHORTEST_DELAY_MS
    # The next punctual sale after the longest delay may be a few minutes off.
    assert LONGEST_DELAY_MS / 2 < max(delays) < LONGEST_DELAY_MS * 1.2


def test_invalid_events_are_refused_and_apart(plain: list[Event], faulty: list[Event]) -> None:
    """A broken event is no sale, and its id, if one can be read, is that of no sale."""
    ids = {event.sale_id for event in plain}
    broken = [event for event in faulty if event.kind is Kind.INVALID]
    for event in broken:
        with pytest.raises(InvalidSale):
            Sale.from_json(event.value)
        assert event.sale_id not in ids
        assert event.sale_id.encode() in event.value
    assert any(event.sale_id == "" for event in broken)
    assert any(event.sale_id for event in broken)


def test_sales_and_frame_agree_with_the_events(plain: list[Event]) -> None:
    """The three views of a source tell the same."""
    source = SyntheticSales(7, **SMALL, **FAULTS)
    sales = [Sale.from_json(event.value) for event in plain]
    assert list(source.sales()) == sales
    frame = source.frame()
    assert frame["sale_id"].tolist() == [sale.sale_id for sale in sales]
    assert frame["event_time"].tolist() == [pd.Timestamp(sale.event_time) for sale in sales]
    assert frame["unit_price"].tolist() == [float(sale.unit_price) for sale in sales]
    names = frame["promotion"].dropna()
    assert names.tolist() == [sale.promotion for sale in sales if sale.promotion]


def test_expected_hourly(plain: list[Event]) -> None:
    """The table of expectations has an hour a row and adds up to about what was sold."""
    expected = SyntheticSales(7, **SMALL).expected_hourly()
    assert len(expected) == 4 * 24
    assert abs(expected.sum() - len(plain)) < 4 * np.sqrt(expected.sum())


def test_a_longer_stream_begins_with_the_shorter_one(plain: list[Event]) -> None:
    """The number of days does not change the days, and a stream may have no end."""
    endless = SyntheticSales(7, **(SMALL | {"days": None}))
    assert list(islice(endless, len(plain))) == plain
    for table in (endless.frame, endless.expected_hourly, endless.promotions):
        with pytest.raises(LabError, match="days=None"):
            table()


def test_days_without_a_sale() -> None:
    """A chain that sells once in a hundred days gives empty days, not an error."""
    source = SyntheticSales(1, events_per_day=0.01, days=300, **FAULTS)
    kinds = Counter(event.kind for event in source)
    assert 0 < kinds[Kind.SALE] < 20
    assert len(source.frame()) == kinds[Kind.SALE]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", -1),
        ("stores", 0),
        ("skus", 2.5),
        ("customers", 0),
        ("start", datetime(2026, 1, 5)),
        ("start", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("events_per_day", 0),
        ("events_per_day", float("nan")),
        ("events_per_day", 1e12),
        ("days", 0),
        ("growth", -1),
        ("duplicates", -0.1),
        ("late", 1.5),
        ("invalid", 5),
    ],
)
def test_refuses_a_wrong_argument(name: str, value: object) -> None:
    """The message names the argument and shows its value."""
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(LabError, match=f"{name} is wrong") as refusal:
        SyntheticSales(**arguments)
    assert repr(value) in str(refusal.value)
