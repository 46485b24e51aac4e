"""The recount of aggregates: windows, grace, exact sums, ranks."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from lablib.recount import DAY, HOUR, MINUTE, WINDOWS, Windows, recount, recount_top

AT_NINE = 1_767_603_600_000  # 2026-01-05 09:00 UTC
NINE = pd.Timestamp(AT_NINE, unit="ms", tz="UTC")


def sales(*rows: tuple[int, str, str, int, int, int]) -> pd.DataFrame:
    """Return events of (partition, store, sku, quantity, thousandths, minutes after nine)."""
    columns = ["partition", "store_id", "sku", "quantity", "price", "time"]
    numbers = dict.fromkeys(("partition", "quantity", "price", "time"), "int64")
    table = pd.DataFrame(rows, columns=columns).astype(numbers)
    return table.assign(time=AT_NINE + table["time"] * MINUTE)


def test_tumbling_counts_each_event_once() -> None:
    """An event belongs to the window that begins at or before it; sums are exact."""
    table, late = recount(
        sales(
            (0, "S1", "A", 2, 100, 0),
            (0, "S1", "B", -1, 100, 59),
            (0, "S1", "A", 3, 10**12 + 1, 60),
            (1, "S2", "A", 1, 1, 5),
        ),
        WINDOWS["sales_hourly"],
    )
    hour = pd.Timedelta(hours=1)
    assert late == 0
    assert list(table.itertuples(index=False, name=None)) == [
        (NINE, "S1", NINE + hour, 2, 1, Decimal("0.100")),
        (NINE, "S2", NINE + hour, 1, 1, Decimal("0.001")),
        (NINE + hour, "S1", NINE + 2 * hour, 1, 3, Decimal("3000000000.003")),
    ]


def test_hopping_counts_each_event_six_times() -> None:
    """An hour that begins anew every ten minutes: the first window begins 50 minutes earlier."""
    table, _ = recount(sales((0, "S1", "A", 1, 1, 5)), WINDOWS["store_rolling_1h"])
    begins = [begin - NINE for begin in table["window_start"]]
    assert begins == [pd.Timedelta(minutes=m) for m in range(-50, 10, 10)]
    assert table["events"].tolist() == [1] * 6


def test_what_is_too_late_is_left_out_and_counted() -> None:
    """Late is who comes after its window's end and grace have passed, in its own partition."""
    table, late = recount(
        sales(
            (0, "S1", "A", 1, 1, 70),
            (0, "S1", "A", 1, 1, 0),  # too late: it is 10:10, and the window ended at 10:00
            (1, "S2", "A", 1, 1, 69),
            (1, "S2", "A", 1, 1, 0),  # just in time
            (2, "S3", "A", 1, 1, 0),  # another partition's time is none of its business
        ),
        Windows(HOUR, HOUR, grace=10 * MINUTE),
    )
    assert late == 1
    assert table.groupby("store_id")["events"].sum().to_dict() == {"S1": 1, "S2": 2, "S3": 1}


def test_a_day_of_grace() -> None:
    """The statements say so, too."""
    assert {windows.grace for windows in WINDOWS.values()} == {DAY}


def test_the_best_sellers_of_an_hour() -> None:
    """Most units first; of equals the later name; nothing that came back entirely."""
    best = recount_top(
        sales(
            (0, "S1", "A", 3, 1, 0),
            (1, "S2", "B", 5, 1, 0),
            (1, "S2", "A", 2, 1, 30),
            (1, "S2", "C", 1, 1, 40),
            (1, "S2", "D", 1, 1, 50),
            (1, "S2", "D", -1, 1, 51),
            (1, "S2", "0", 1, 1, 52),
            (0, "S1", "D", 1, 1, 60),
        ),
        top=3,
    )
    assert list(best[["rank", "sku", "units"]].itertuples(index=False, name=None)) == [
        (1, "B", 5),
        (2, "A", 5),
        (3, "C", 1),
        (1, "D", 1),
    ]


def test_nothing_sold_is_an_empty_table() -> None:
    """No event, no window."""
    table, late = recount(sales(), WINDOWS["sales_hourly"])
    assert (len(table), late, len(recount_top(sales()))) == (0, 0, 0)
