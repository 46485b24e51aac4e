"""The aggregates counted again, with pandas, from the events themselves: the truth to compare with.

A window takes an event unless stream time, the latest event time that its partition has seen, has
passed the window's end by more than its grace period.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from lablib.aggregates import AGGREGATES, caught_up, sinks_caught_up
from lablib.errors import InvalidSale
from lablib.kafka import read_topic
from lablib.ledger import Ledger
from lablib.pipeline import TOPIC
from lablib.postgres import engine
from lablib.sale import Sale
from lablib.stack import Stack
from lablib.verification import Comparison, Verification, compare_topic

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
TOP = 10
KEY = ["window_start", "store_id"]


@dataclass(frozen=True)
class Windows:
    """How an aggregate cuts time, in milliseconds: size of a window, from one to the next, grace."""

    size: int
    advance: int
    grace: int = DAY


WINDOWS = {
    "sales_hourly": Windows(HOUR, HOUR),
    "sales_agg_minute": Windows(MINUTE, MINUTE),
    "store_rolling_1h": Windows(HOUR, 10 * MINUTE),
}


def read_sales(stack: Stack, topic: str = TOPIC) -> pd.DataFrame:
    """Return the valid sales of a topic, as they lie there: one row an event, duplicates included.

    ``price`` is in thousandths, ``time`` in milliseconds since 1970.
    """
    columns = ["partition", "offset", "store_id", "sku", "quantity", "price", "time"]
    table = pd.DataFrame(_sales(stack, topic), columns=columns)
    return table.sort_values(["partition", "offset"], ignore_index=True)


def recount(sales: pd.DataFrame, windows: Windows) -> tuple[pd.DataFrame, int]:
    """Return the aggregate per window and store, and how many events came too late for a window.

    An event that is too late for several windows of a hopping aggregate counts several times.
    """
    stream_time = sales.groupby("partition")["time"].cummax()
    parts, late = [], 0
    for step in range(windows.size // windows.advance):
        part = sales.copy()
        part["start"] = (part["time"] // windows.advance - step) * windows.advance
        in_time = part["start"] + windows.size > stream_time - windows.grace
        late += int((~in_time).sum())
        parts.append(part[in_time])
    rows = pd.concat(parts)
    rows["revenue"] = rows["quantity"] * rows["price"]
    groups = rows.groupby(["start", "store_id"], as_index=False)
    table = groups.agg(
        events=("quantity", "size"), units=("quantity", "sum"), revenue=("revenue", "sum")
    )
    table["window_start"] = pd.to_datetime(table["start"], unit="ms", utc=True)
    table["window_end"] = pd.to_datetime(table["start"] + windows.size, unit="ms", utc=True)
    exact = [Decimal(thousandths).scaleb(-3) for thousandths in table["revenue"].tolist()]
    table["revenue"] = pd.Series(exact, dtype="object")
    return table[[*KEY, "window_end", "events", "units", "revenue"]], late


def recount_top(sales: pd.DataFrame, top: int = TOP) -> pd.DataFrame:
    """Return the articles that sold most in each hour; of equally many units the later name first."""
    hours = sales.assign(start=sales["time"] // HOUR * HOUR)
    units = hours.groupby(["start", "sku"], as_index=False)["quantity"].sum()
    units = units[units["quantity"] > 0].sort_values(
        ["start", "quantity", "sku"], ascending=[True, False, False], ignore_index=True
    )
    units["rank"] = units.groupby("start").cumcount() + 1
    units["window_start"] = pd.to_datetime(units["start"], unit="ms", utc=True)
    best: pd.DataFrame = units[units["rank"] <= top].rename(columns={"quantity": "units"})
    return best[["window_start", "rank", "sku", "units"]].reset_index(drop=True)


def verify_aggregates(
    stack: Stack,
    names: Iterable[str] = AGGREGATES,
    *,
    within: float = 60.0,
    ledger: Ledger | None = None,
) -> Verification:
    """Compare these aggregates, as they are in the database, with a recount of what was sent.

    Waits first until queries and sinks have caught up; after ``within`` seconds the verdict is
    ``not yet``. The first comparison is that of the topic with the ledger.
    """
    ledger = ledger or Ledger(settings=stack.settings)
    before = ledger.totals(TOPIC)
    done = caught_up(stack, within=within) and sinks_caught_up(stack, within)
    sales = read_sales(stack)
    comparisons = [compare_topic(stack, ledger), *(_compare(stack, n, sales) for n in names)]
    sending = ledger.totals(TOPIC) != before
    return Verification(tuple(comparisons), waiting=int(not done), sending=sending)


def _sales(stack: Stack, topic: str) -> Iterator[tuple[object, ...]]:
    for message in read_topic(stack, topic):
        value = message.value()
        try:
            sale = Sale.from_json(value if isinstance(value, bytes) else b"")
        except InvalidSale:
            continue
        yield (
            message.partition(),
            message.offset(),
            sale.store_id,
            sale.sku,
            sale.quantity,
            int(sale.unit_price.scaleb(3)),
            round(sale.event_time.timestamp() * SECOND),
        )


def _compare(stack: Stack, name: str, sales: pd.DataFrame) -> Comparison:
    comparison = Comparison(f"table {name}")
    if name == "top_skus":
        expected, key = recount_top(sales), ["window_start", "rank"]
    else:
        expected, late = recount(sales, WINDOWS[name])
        key = KEY
        if late:
            comparison.note = f"{late:,} times an event came too late for its window"
    query = f"SELECT {', '.join(expected.columns)} FROM {name}"
    found = pd.read_sql(query, engine(stack), coerce_float=False)  # decimals stay exact
    wanted, there = _by_key(expected, key), _by_key(found, key)
    comparison.expected, comparison.found = len(wanted), len(there)
    for place in sorted(wanted.keys() | there.keys()):
        if place not in there:
            comparison.missing += 1
            comparison.example(f"missing: {place}: {wanted[place]}")
        elif place not in wanted:
            comparison.unexpected += 1
            comparison.example(f"unexpected: {place}: {there[place]}")
        elif wanted[place] != there[place]:
            comparison.different += 1
            comparison.example(f"different: {place}: {wanted[place]}, found {there[place]}")
    return comparison


def _by_key(table: pd.DataFrame, key: list[str]) -> dict[tuple[object, ...], tuple[object, ...]]:
    values = [column for column in table.columns if column not in key]
    keys = table[key].itertuples(index=False, name=None)
    return dict(zip(keys, table[values].itertuples(index=False, name=None), strict=True))
