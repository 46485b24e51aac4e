"""What watching costs: CPU of the servers with and without Prometheus, and of those that watch."""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import partial

from lablib.pipeline import install
from lablib.producer import Producer
from lablib.prometheus import ask
from lablib.services import SERVICES, chosen_services
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from tools.bench.home import bench_stack, cpu_of, memory_of, tell
from tools.bench.pairs import Row, Run, ratio_row, take_turns, value_row

RATE = 58.0
WATCHERS = tuple(s.name for s in chosen_services("metrics"))
# The rules run each second, over windows twenty times shorter than in real life: dearer than ever there.
RULES = "sum(prometheus_rule_group_last_duration_seconds)"
SCRAPES = "sum(scrape_duration_seconds)"


def measure(*, quick: bool) -> list[Row]:
    """Return the rows: the watched servers, the watchers, a scrape of all, a round of the rules."""
    seconds, pairs = (10.0, 1) if quick else (30.0, 3)
    services = tuple(s for s in SERVICES if s.profile in ("", "metrics"))
    tell(f"metrics: {RATE:g} events/s, a scrape every 2 s, the rules every second")
    with bench_stack(services=services) as stack:
        stack.up()
        install(stack)
        producer = Producer(stack)
        producer.start(SyntheticSales(seed=1), rate=RATE)
        try:
            shares: list[float] = []
            runs = take_turns(
                partial(_watched, stack, seconds, shares), partial(_alone, stack, seconds), pairs
            )
            stack.up("metrics")
            time.sleep(seconds)
            memory = memory_of(stack, WATCHERS)
            took = [_number(stack, query) for query in (SCRAPES, RULES)]
        finally:
            producer.stop()
            producer.wait(60)
    return [
        ratio_row("CPU of the servers, watched", runs, other="nobody watches", unit="CPU-s/s"),
        value_row("CPU of those who watch", shares, unit="of a core"),
        value_row("memory of those who watch", [memory], unit="MiB"),
        value_row("a scrape of all targets", [took[0] * 1000], unit="ms"),
        value_row("a round of all rules", [took[1] * 1000], unit="ms"),
    ]


def _watched(stack: Stack, seconds: float, shares: list[float]) -> Run:
    stack.up("metrics")
    before = cpu_of(stack, WATCHERS)
    run = _cpu(stack, seconds)
    shares.append((cpu_of(stack, WATCHERS) - before) / seconds)
    return run


def _alone(stack: Stack, seconds: float) -> Run:
    stack.stop("metrics")
    return _cpu(stack, seconds)


def _cpu(
    stack: Stack, seconds: float, names: Iterable[str] = ("postgres", "kafka", "connect")
) -> Run:
    """Return how much of a core the servers take, measured for so many seconds."""
    before = cpu_of(stack, names)
    time.sleep(seconds)
    return Run((cpu_of(stack, names) - before) / seconds)


def _number(stack: Stack, query: str) -> float:
    answer = ask(stack.env["PROMETHEUS_URL"], "query", query=query)
    return float(answer["result"][0]["value"][1])
