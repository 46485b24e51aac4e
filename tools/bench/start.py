"""Start and size of the core stack: tuned as shipped against the same servers with stock options."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from lablib.pipeline import install
from lablib.producer import Producer
from lablib.stack import Stack
from tools.bench.home import (
    bench_stack,
    cpu_of,
    made_events,
    memory_of,
    own_cpu,
    tell,
    wait_for_rows,
)
from tools.bench.pairs import Row, Run, at_most, ratio_row, take_turns, value_row

FIRST_SALES = 1000
LOAD = 200_000
AT_REST = 5.0


def measure(*, quick: bool) -> list[Row]:
    """Return the rows: ready cold and warm, the first sales, memory at rest and after a load."""
    pairs = 1 if quick else 3
    first_sales: list[float] = []
    tell("start: cold (empty data folder, downloads cached)")
    cold = take_turns(partial(_cold, first_sales), partial(_cold, [], stock=True), pairs)
    tell("start: warm")
    with bench_stack() as kit, bench_stack(stock=True) as stock:
        for stack in (kit, stock):
            _warm(stack)
        warm = take_turns(partial(_warm, kit), partial(_warm, stock), pairs)
    rows = [
        ratio_row(
            f"stack ready, {name}", runs, other="stock", unit="s", target=at_most(0.5), of_cpu=True
        )
        for name, runs in (("cold", cold), ("warm", warm))
    ]
    rows.append(
        value_row("stack ready, warm", [run.value for run, _ in warm], unit="s", target=at_most(5))
    )
    rows.append(
        value_row(
            f"empty folder to {FIRST_SALES:,} rows", first_sales, unit="s", target=at_most(20)
        )
    )
    return rows + _memory()


def _up(stack: Stack) -> Run:
    cpu, began = own_cpu(), time.monotonic()
    stack.up()
    return Run(time.monotonic() - began, own_cpu() - cpu + cpu_of(stack))


def _cold(first_sales: list[float], *, stock: bool = False) -> Run:
    """Start on an empty folder; for the kit, also note when the first sales are in the table."""
    with bench_stack(stock=stock) as stack:
        began = time.monotonic()
        run = _up(stack)
        if not stock:
            _send(stack, FIRST_SALES)
            first_sales.append(time.monotonic() - began)
        return run


def _warm(stack: Stack) -> Run:
    run = _up(stack)
    stack.down()
    return run


def _send(stack: Stack, count: int) -> None:
    install(stack)
    Producer(stack).send(made_events(count), rate=0)
    wait_for_rows(stack, "sales_raw", count)


def _memory() -> list[Row]:
    tell(f"start: memory at rest and after {LOAD:,} events")
    moments: list[tuple[str, Callable[[Stack], None]]] = [
        ("at rest", lambda _: time.sleep(AT_REST)),
        (f"after {LOAD:,} events", lambda stack: _send(stack, LOAD)),
    ]
    seen: dict[str, list[Run]] = {name: [] for name, _ in moments}
    for stock in (False, True):
        with bench_stack(stock=stock) as stack:
            stack.up()
            install(stack)
            for name, act in moments:
                act(stack)
                seen[name].append(Run(memory_of(stack)))
    rows = []
    for name, (kit, other) in seen.items():
        rows.append(ratio_row(f"memory {name}", [(kit, other)], other="stock", unit="MiB"))
        rows.append(value_row(f"memory {name}", [kit.value], unit="MiB", target=at_most(1024)))
    return rows
