"""Values in words: Grafana's units as people read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

_AXES = {
    "s": "seconds",
    "ms": "milliseconds",
    "percentunit": "share",
    "bytes": "bytes",
    "Bps": "bytes per second",
    "suffix:/s": "per second",
    "suffix:x": "times the pace that lasts",
    "short": "number",
    "none": "",
}
UNITS = tuple(_AXES)


def axis_label(unit: str) -> str:
    """Return what an axis of this unit is called."""
    return _AXES[unit]


def in_words(value: float, unit: str) -> str:
    """Return a value with its unit, in three digits: ``0.2 s``, ``1.5 min``, ``201/s``, ``98 %``."""
    if math.isnan(value):
        return "nothing"
    return _WORDS[unit](value)


def _scaled(value: float, base: float, prefixes: Sequence[str], gap: str = "") -> str:
    size = abs(value)
    power = 0
    while size >= 0.9995 * base and power < len(prefixes) - 1:
        size, value, power = size / base, value / base, power + 1
    return f"{_three(value)}{gap}{prefixes[power]}"


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
    return _scaled(value, 1000, ("", "k", "M", "G"))


def _binary(value: float) -> str:
    return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB"), " ")


_WORDS: dict[str, Callable[[float], str]] = {
    "s": _seconds,
    "ms": lambda value: _seconds(value / 1000),
    "percentunit": _percent,
    "bytes": _binary,
    "Bps": lambda value: _scaled(value, 1000, ("B/s", "kB/s", "MB/s", "GB/s"), " "),
    "suffix:/s": lambda value: f"{_number(value)}/s",
    "suffix:x": lambda value: f"{_number(value)}x",
    "short": _number,
    "none": _number,
}
