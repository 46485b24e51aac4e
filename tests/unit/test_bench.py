"""The arithmetic of the benchmarks, compared with figures worked out by hand."""

from __future__ import annotations

import json
import math
from itertools import count
from pathlib import Path

import pytest

from tools.bench.__main__ import table
from tools.bench.home import _make_stock
from tools.bench.pairs import (
    Run,
    at_least,
    at_most,
    cpu_ratios,
    noise,
    percentile,
    ratio_row,
    ratios,
    take_turns,
    value_row,
    verdict,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 5), (95, 10), (99, 10), (90, 9), (91, 10), (100, 10), (0, 1)]
)
def test_a_percentile_is_the_nearest_rank(percent: float, expected: float) -> None:
    """Of 1 to 10 in any order, nine of ten values do not exceed the 90th percentile, 9."""
    assert percentile([7, 1, 10, 3, 9, 2, 8, 4, 6, 5], percent) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    """With a single measurement every percentile is that measurement."""
    assert [percentile([0.25], percent) for percent in (1, 50, 99)] == [0.25, 0.25, 0.25]


def test_arms_take_turns_and_pairs_keep_their_sides() -> None:
    """The order is A B, B A, A B, yet every pair reads (A's run, B's run)."""
    order, clock = [], count()

    def arm(name: str) -> Run:
        order.append(name)
        return Run(next(clock) + (100 if name == "B" else 0))

    pairs = take_turns(lambda: arm("A"), lambda: arm("B"), 3)
    assert "".join(order) == "ABBAAB"
    assert [(a.value, b.value) for a, b in pairs] == [(0, 101), (3, 102), (4, 105)]


PAIRS = [
    (Run(100.0, 2.0), Run(200.0, 1.0)),
    (Run(150.0, 3.0), Run(200.0, 2.0)),
    (Run(180.0, 2.0), Run(200.0, 2.0)),
]


def test_ratios_are_taken_pair_by_pair() -> None:
    """Each ratio belongs to one pair: 0.5, 0.75 and 0.9 of the values, 2, 1.5 and 1 of the CPU."""
    assert ratios(PAIRS) == [0.5, 0.75, 0.9]
    assert cpu_ratios(PAIRS) == [2.0, 1.5, 1.0]


def test_noise_is_the_farthest_ratio_from_one() -> None:
    """A against A that gives 1.1 and 0.8 is 20 % of noise; nothing measured is none."""
    runs = [(Run(110.0), Run(100.0)), (Run(80.0), Run(100.0))]
    assert noise(runs) == pytest.approx(0.2)
    assert noise([]) == 0


@pytest.mark.parametrize(
    ("values", "noise_seen", "expected"),
    [
        ([0.5, 0.75, 0.9], 0.0, "met"),
        ([0.5, 0.59, 0.9], 0.0, "missed"),
        ([0.6, 0.6, 0.6], 0.0, "met"),
        ([0.5, 0.75, 0.9], 0.15, "met"),
        ([0.5, 0.75, 0.9], 0.16, "inconclusive"),
        ([0.7, 0.75, 0.9], 0.16, "met"),
        ([0.3, 0.4, 0.5], 0.5, "missed"),
    ],
)
def test_a_verdict_knows_doubt(values: list[float], noise_seen: float, expected: str) -> None:
    """The median decides; above 15 % of noise only where all pairs agree."""
    assert verdict(values, at_least(0.6), noise_seen) == expected


def test_lower_may_be_better() -> None:
    """A target of at most 5 s is met by 4 s and by 5 s, not by 6 s; no target is no verdict."""
    assert [verdict([value], at_most(5)) for value in (4, 5, 6)] == ["met", "met", "missed"]
    assert verdict([4], None) == ""


def test_a_row_shows_median_and_range() -> None:
    """The cell of a ratio holds the median and both ends; the target is held against the median."""
    row = ratio_row("sink", PAIRS, other="COPY", unit="rows/s", target=at_least(0.8))
    assert (row.kit, row.other) == ("150 rows/s", "200 rows/s, COPY")
    assert (row.ratio, row.cpu) == ("0.75 (0.50 to 0.90)", "1.50 (1.00 to 2.00)")
    assert (row.target, row.verdict) == (">= 0.8 of COPY", "missed")


def test_a_target_may_be_one_of_cpu() -> None:
    """Held against the CPU-seconds, whose ratio is 1.5, a target of at most 1.6 is met."""
    row = ratio_row("start", PAIRS, other="stock", unit="s", target=at_most(1.6), of_cpu=True)
    assert (row.target, row.verdict) == ("<= 1.6 of CPU-s", "met")


def test_unknown_cpu_is_left_out() -> None:
    """Runs without CPU-seconds leave that cell empty instead of showing nan."""
    row = ratio_row("memory", [(Run(1.0), Run(2.0))], other="stock", unit="MiB")
    assert math.isnan(Run(1.0).cpu)
    assert row.cpu == ""


def test_the_table_is_aligned() -> None:
    """Every line has its second column where the heading has it."""
    rows = [value_row("a", [1.5], unit="s"), value_row("longer", [2.0, 4.0, 3.0], unit="s")]
    lines = table(rows).splitlines()
    start = lines[0].index("this kit")
    assert [line[start:].split("  ")[0] for line in lines[1:]] == ["1.5 s", "3 s (2 to 4)"]


def test_stock_leaves_out_what_the_kit_tuned(tmp_path: Path) -> None:
    """Stock keeps what one machine needs and the sink's meaning, and loses tuning and recovery."""
    for name in (
        "kafka/jvm.options",
        "kafka/server.properties",
        "connect/jvm.options",
        "connect/connect.properties",
        "connect/sales-sink.json",
    ):
        copy = tmp_path / name
        copy.parent.mkdir(exist_ok=True)
        copy.write_text((ROOT / "stack" / name).read_text())
    _make_stock(tmp_path)
    text = {file.name: file.read_text() for file in tmp_path.rglob("*.*")}
    assert "offsets.topic.replication.factor" in text["server.properties"]
    assert "broker.session.timeout.ms" not in text["server.properties"]
    assert "offsets.topic.num.partitions" not in text["server.properties"]
    assert "config.storage.replication.factor=1" in text["connect.properties"]
    assert "session.timeout.ms" not in text["connect.properties"]
    assert '"use.reduction.buffer": "true"' in text["sales-sink.json"]
    assert "connection.restart.on.errors" not in text["sales-sink.json"]
    assert json.loads(text["sales-sink.json"])["name"] == "sales-sink"
    assert "SerialGC" not in text["jvm.options"]
