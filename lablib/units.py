"""Values in words: Grafana's units as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

_AXES = {
    "s": "seconds",
    "ms": "milliseconds",
    "percentunit": "",
    "decbytes": "",
    "Bps": "",
    "suffix:/s": "per second",
    "suffix:x": "times the pace that lasts",
    "short": "",
    "none": "",
}
UNITS = tuple(_AXES)


def axis_label(unit: str) -> str:
    """Return what an axis of this unit is called; nothing where each number has its unit."""
    return _AXES[unit]


def tick(value: float, unit: str) -> str:
    """Return a number at an axis."""
    return in_words(value, "short" if _AXES[unit] else unit)


def in_words(value: float, unit: str) -> str:
    """Return a value with its unit, in three digits: ``0.2 s``, ``1.5 min``, ``201/s``, ``98 %``."""
    if math.isnan(value):
        return "nothing"
    return _WORDS[unit](value)


def _scaled(value: float, units: Sequence[str], gap: str = "") -> str:
    power = 0
    while abs(value) >= 999.5 and power < len(units) - 1:
        value, power = value / 1000, power + 1
    return f"{_three(value)}{gap}{units[power]}"


def _three(value: float) -> str:
    """Return three digits, but never fewer than those before the point."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 or not value else f"{value:.0e}"


def _seconds(value: float) -> str:
    size = abs(value)
    if 0 < size < 0.9995:
        return f"{_three(value * 1000)} ms"
    if size < 120:
        return f"{_three(value)} s"
    return f"{_three(value / 60)} min" if size < 7200 else f"{_three(value / 3600)} h"


def _percent(value: float) -> str:
    return f"{_three(value * 100)} %"


def _number(value: float) -> str:
    return _scaled(value, ("", "k", "M", "G"))


def _bytes(value: float) -> str:
    return _scaled(value, ("B", "kB", "MB", "GB", "TB"), " ")


_WORDS: dict[str, Callable[[float], str]] = {
    "s": _seconds,
    "ms": lambda value: _seconds(value / 1000),
    "percentunit": _percent,
    "decbytes": _bytes,
    "Bps": lambda value: f"{_bytes(value)}/s",
    "suffix:/s": lambda value: f"{_number(value)}/s",
    "suffix:x": lambda value: f"{_number(value)}x",
    "short": _number,
    "none": _number,
}
