"""Fair comparisons on a noisy machine: pairs in the order A B B A, medians, ranges and doubt.

Two things that run one after the other meet different neighbours on the machine. So they take
turns, each pair gives one ratio, and the median of the ratios counts. First the kit runs against
itself: how far those ratios are from 1 is what noise alone does here. CPU-seconds vary far less
than wall time and stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median

NOISY = 0.15


@dataclass(frozen=True)
class Run:
    """One measured run: its value (a rate or seconds) and the CPU-seconds of all that took part."""

    value: float
    cpu: float = math.nan


@dataclass(frozen=True)
class Target:
    """A number to reach: ``at_most(0.5)`` or ``at_least(0.6)``."""

    bound: float
    higher_is_better: bool

    def met_by(self, value: float) -> bool:
        """Tell whether the value reaches the target; the bound itself does."""
        return value >= self.bound if self.higher_is_better else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.higher_is_better else '<='} {self.bound:g}"


def at_least(bound: float) -> Target:
    """Return the target of reaching a bound or more."""
    return Target(bound, higher_is_better=True)


def at_most(bound: float) -> Target:
    """Return the target of staying at a bound or below."""
    return Target(bound, higher_is_better=False)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least so many percent do not exceed (nearest rank)."""
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


def take_turns(a: Callable[[], Run], b: Callable[[], Run], pairs: int) -> list[tuple[Run, Run]]:
    """Run A B, B A, A B ... and return each pair as (A's run, B's run)."""
    taken = []
    for number in range(pairs):
        if number % 2:
            second, first = b(), a()
        else:
            first, second = a(), b()
        taken.append((first, second))
    return taken


def ratios(pairs: Sequence[tuple[Run, Run]]) -> list[float]:
    """Return A / B of the values, pair by pair."""
    return [a.value / b.value for a, b in pairs]


def cpu_ratios(pairs: Sequence[tuple[Run, Run]]) -> list[float]:
    """Return A / B of the CPU-seconds, pair by pair."""
    return [a.cpu / b.cpu for a, b in pairs]


def noise(pairs: Sequence[tuple[Run, Run]]) -> float:
    """Return how far from 1 the ratios of A against A are at most: 0.15 is 15 %."""
    return max((abs(ratio - 1) for ratio in ratios(pairs)), default=0.0)


def verdict(values: Sequence[float], target: Target | None, noise: float = 0.0) -> str:
    """Return met, missed, or inconclusive.

    The median decides. Where noise is above 15 %, it decides only if all values agree with it.
    """
    if target is None:
        return ""
    met = target.met_by(median(values))
    unanimous = all(target.met_by(value) is met for value in values)
    if noise > NOISY and not unanimous:
        return "inconclusive"
    return "met" if met else "missed"


@dataclass(frozen=True)
class Row:
    """One line of the table. ``raw`` holds what was measured, for the JSON file."""

    subject: str
    kit: str
    other: str
    ratio: str
    cpu: str
    target: str
    verdict: str
    raw: dict[str, object] = field(default_factory=dict)


def ratio_row(
    subject: str,
    pairs: Sequence[tuple[Run, Run]],
    *,
    other: str,
    unit: str,
    target: Target | None = None,
    of_cpu: bool = False,
    noise: float = 0.0,
) -> Row:
    """Compare two arms; ``of_cpu`` holds the target against the CPU-seconds instead of the values."""
    values, cpu = ratios(pairs), cpu_ratios(pairs)
    judged = cpu if of_cpu else values
    return Row(
        subject=subject,
        kit=f"{median(a.value for a, _ in pairs):,.4g} {unit}",
        other=f"{median(b.value for _, b in pairs):,.4g} {unit}, {other}",
        ratio=_with_range(values),
        cpu="" if any(map(math.isnan, cpu)) else _with_range(cpu),
        target=f"{target} of {'CPU-s' if of_cpu else other}" if target else "",
        verdict=verdict(judged, target, noise),
        raw={
            "kit": [_plain(a) for a, _ in pairs],
            "other": [_plain(b) for _, b in pairs],
            "noise": noise,
        },
    )


def value_row(
    subject: str, values: Sequence[float], *, unit: str, target: Target | None = None
) -> Row:
    """Report a figure that is compared with a bound and not with another program."""
    shown = f"{median(values):,.3g} {unit}"
    if len(values) > 1:
        shown += f" ({min(values):,.3g} to {max(values):,.3g})"
    bound = f"{target} {unit}" if target else ""
    return Row(subject, shown, "", "", "", bound, verdict(values, target), {"values": list(values)})


def _plain(run: Run) -> dict[str, float | None]:
    return {"value": run.value, "cpu": None if math.isnan(run.cpu) else run.cpu}


def _with_range(values: Sequence[float]) -> str:
    return f"{median(values):.2f} ({min(values):.2f} to {max(values):.2f})"
