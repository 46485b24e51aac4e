"""Draws a panel with matplotlib, and tells in words what is to be seen.

All sizes are given here and none is computed by matplotlib's layout engine or taken from its
settings: that makes a picture twice as fast, and the same in every notebook.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import MINUTELY, AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lablib.palette import BLACK, CYCLE, GREEN, GREY, ORANGE, VERMILION
from lablib.panels import Look, Panel
from lablib.units import axis_label, in_words, tick

# In inches: a page, which has 24 columns; a row; margins; a letter, and a line of them.
PAGE, ROW = 11.6, 0.38
ABOVE, BELOW, LEFT, RIGHT = 0.36, 0.3, 0.72, 0.22
LETTER, LINE = 0.078, 0.19
DPI = 120
LEGEND, NAME = 8, 34
JUDGED = {GREEN: "good", ORANGE: "watch it", VERMILION: "act"}


def draw(panel: Panel, frame: pd.DataFrame) -> Figure:
    """Return the picture of a panel. The frame has a column per series and a row per moment."""
    size = (PAGE * panel.width / 24, ROW * panel.height)
    figure = Figure(figsize=size, dpi=DPI, facecolor="white")
    figure.set_layout_engine("none")
    bold = "normal" if panel.kind == "stat" else "bold"
    _write(figure, 0.08, size[1] - 0.2, panel.title, 11, fontweight=bold)
    frame = frame.iloc[:, _order(panel, frame)]
    if panel.kind == "stat":
        _draw_numbers(figure, panel, frame)
    elif frame.empty:
        axes = _axes(figure, LEFT, RIGHT, BELOW, frame)
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, panel.empty, ha="center", transform=axes.transAxes, color=GREY, fontsize=11
        )
    elif panel.kind == "state-timeline":
        _draw_states(figure, panel, frame)
    else:
        _draw_lines(figure, panel, frame)
    return figure


def png(figure: Figure) -> bytes:
    """Return the picture as a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", bbox_inches=None)
    return buffer.getvalue()


def describe(panel: Panel, frame: pd.DataFrame) -> str:
    """Return what the picture shows, for those who cannot see it."""
    if frame.empty:
        return f"{panel.title}: {panel.empty}"
    tell = _states_in_words if panel.kind == "state-timeline" else _course_in_words
    order = _order(panel, frame)
    return f"{panel.title}: {'; '.join(tell(panel, frame.iloc[:, index]) for index in order)}."


def _course_in_words(panel: Panel, series: pd.Series[float]) -> str:
    last, low, high = (
        in_words(value, panel.unit) for value in (series.iloc[-1], series.min(), series.max())
    )
    judged = ""
    if panel.kind == "stat" and (word := JUDGED.get(_color(panel, _latest(series)))):
        judged = f", {word}"
    return f"{series.name} is {last}{judged} (from {low} to {high})"


def _states_in_words(panel: Panel, series: pd.Series[float]) -> str:
    names = [name for name, _ in groupby(_state(panel, value)[0] for value in series)]
    return f"{series.name}: {', then '.join(names[-4:])}"


# -- the three kinds -----------------------------------------------------------------------------


def _draw_numbers(figure: Figure, panel: Panel, frame: pd.DataFrame) -> None:
    width = figure.get_size_inches()[0]
    if frame.empty:
        _write(figure, 0.08, 0.6, panel.empty, 11, color=GREY)
        return
    many = frame.shape[1] > 1
    for row, series in enumerate(_columns(frame)):
        stale = pd.isna(series.iloc[-1])
        color = GREY if stale else _color(panel, _latest(series))
        words = in_words(_latest(series), panel.unit)
        note = "nothing new" if stale else JUDGED.get(color, "")
        if many:
            foot = 0.82 - 0.48 * row
            _write(figure, 0.08, foot, words, 17, color=color, fontweight="bold")
            _write(figure, width - 0.1, foot + 0.08, str(series.name), 10, color=GREY, ha="right")
            _write(figure, width - 0.1, foot - 0.1, note, 10, color=GREY, ha="right")
            continue
        _write(figure, 0.08, 0.82, words, 24, color=color, fontweight="bold")
        _write(figure, 0.08, 0.25, note, 10, color=GREY)
        axes = figure.add_axes((0.5, 0.08, 0.45, 0.24))
        axes.set_axis_off()
        axes.plot(frame.index, series, color=color, linewidth=2)
        axes.set_xlim(frame.index[0], frame.index[-1])


def _draw_lines(figure: Figure, panel: Panel, frame: pd.DataFrame) -> None:
    looks = list(_looks(panel, frame))
    handles = [
        Line2D([], [], color=look.color, linestyle=_style(look), linewidth=2, label=_short(name))
        for look, name in zip(looks, frame.columns, strict=True)
    ]
    low, high = _span(panel, frame)
    limits = [
        (step, color) for step, color in panel.steps if step is not None and low <= step <= high
    ]
    right = max([RIGHT, *(0.1 + LETTER * len(in_words(s, panel.unit)) for s, _ in limits)])
    axes = _axes(figure, LEFT, right, BELOW + _legend(figure, handles), frame)
    axes.set_ylim(low, high)
    axes.grid(visible=True, color="#dddddd", alpha=1, linewidth=0.8, linestyle="-")
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: tick(value, panel.unit)))
    width, height = figure.get_size_inches()
    middle = axes.get_position().y0 + axes.get_position().height / 2
    figure.text(
        0.1 / width,
        middle,
        axis_label(panel.unit),
        rotation=90,
        fontsize=10,
        va="center",
        ha="left",
    )
    for look, series in zip(looks, _columns(frame), strict=True):
        alone = "o" if series.count() == 1 else None
        axes.plot(
            frame.index, series, color=look.color, linestyle=_style(look), linewidth=2, marker=alone
        )
    labelled = -math.inf
    for step, color in limits:
        axes.axhline(step, color=color, linewidth=1.2, linestyle=(0, (2, 2)))
        if (step - labelled) / (high - low) * height > LINE:
            x, y = width - right + 0.05, axes.get_position().y0 * height
            y += (step - low) / (high - low) * axes.get_position().height * height
            _write(figure, x, y, in_words(step, panel.unit), 9, color=color)
            labelled = step


def _draw_states(figure: Figure, panel: Panel, frame: pd.DataFrame) -> None:
    moments: list[float] = list(date2num(frame.index))  # type: ignore[no-untyped-call]
    step = moments[1] - moments[0]
    bars: list[tuple[int, float, float, str, str]] = []
    seen: dict[str, str] = {}
    for row, series in enumerate(_columns(frame)):
        course = zip(moments, series, strict=True)
        for (name, color), run in groupby(course, lambda now: _state(panel, now[1])):
            begins = [moment for moment, _ in run]
            if color:
                seen[name] = color
                bars.append((row, begins[0], begins[-1] - begins[0] + step, name, color))
    names = [_short(name) for name in frame.columns]
    left = 0.2 + LETTER * max(map(len, names))
    handles = [Patch(color=color, label=name) for name, color in seen.items()]
    axes = _axes(figure, left, RIGHT, BELOW + _legend(figure, handles), frame)
    letter = LETTER * (moments[-1] - moments[0]) / (figure.get_size_inches()[0] - left - RIGHT)
    for row, begin, length, name, color in bars:
        axes.broken_barh([(begin, length)], (row - 0.4, 0.8), color=color, linewidth=0)
        if (len(name) + 2) * letter < length and len(names) < 10:
            axes.text(begin + letter, row, name, va="center", fontsize=9, color=BLACK, clip_on=True)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 4) - 0.4, -0.6)
    axes.tick_params("y", length=0)
    axes.spines["left"].set_visible(False)


# -- parts of them -------------------------------------------------------------------------------


def _axes(figure: Figure, left: float, right: float, below: float, frame: pd.DataFrame) -> Axes:
    """Return axes with these margins, and with the frame's time below."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (left / width, below / height, 1 - (left + right) / width, 1 - (below + ABOVE) / height)
    )
    axes.grid(visible=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=10)
    zone = frame.index.tz if isinstance(frame.index, pd.DatetimeIndex) else None
    locator = AutoDateLocator(tz=zone, minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    locator.intervald[MINUTELY] = [1, 2, 3, 5, 10, 15, 30]  # its own leave gaps
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=zone, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlim(frame.index[0], frame.index[-1])
    return axes


def _legend(figure: Figure, handles: Sequence[Line2D | Patch]) -> float:
    """Draw the legend at the foot, and return how much room it takes."""
    shown = list(handles[:LEGEND])
    if left_out := len(handles) - len(shown):
        shown.append(Patch(alpha=0, label=f"and {left_out} more"))
    longest = max(len(str(handle.get_label())) for handle in shown)
    width, height = figure.get_size_inches()
    columns = min(len(shown), int(width / (0.55 + LETTER * longest)) or 1)
    figure.legend(
        handles=shown,
        loc="lower left",
        bbox_to_anchor=(0.02 / width, 0.02 / height),
        ncols=columns,
        fontsize=10,
        frameon=False,
        borderpad=0,
        borderaxespad=0.3,
        handlelength=2.2,
        columnspacing=1.2,
        labelspacing=0.35,
    )
    return LINE * math.ceil(len(shown) / columns) + 0.1


def _span(panel: Panel, frame: pd.DataFrame) -> tuple[float, float]:
    """Return where the axis of values begins and ends. A limit that is near is in sight."""
    low, high = min(frame.min().min(), 0.0), frame.max().max()
    if panel.most is not None:
        high = panel.most
    if high <= low:
        high = low + 1
    high = max([high, *(step for step, _ in panel.steps if step is not None and step < 4 * high)])
    space = (high - low) * 0.06
    return low if low == 0 else low - space, high + space


def _order(panel: Panel, frame: pd.DataFrame) -> list[int]:
    """Return the series' places: those that the dashboard names first, in its order; then the others."""
    known = list(panel.looks)
    names = [str(name) for name in frame.columns]

    def place(index: int) -> tuple[int, str]:
        name = names[index]
        return (known.index(name) if name in known else len(known)), name

    return sorted(range(len(names)), key=place) if panel.kind != "stat" else list(range(len(names)))


def _looks(panel: Panel, frame: pd.DataFrame) -> Iterator[Look]:
    """Yield how each series looks: as the dashboard says, else what is left of the palette."""
    taken = {panel.looks[name].color for name in frame.columns if name in panel.looks}
    free = [color for color in CYCLE if color not in taken] or list(CYCLE)
    unknown = 0
    for name in frame.columns:
        if name in panel.looks:
            yield panel.looks[name]
            continue
        yield Look(free[unknown % len(free)], (6, 4) if unknown >= len(free) else ())
        unknown += 1


def _style(look: Look) -> str | tuple[float, tuple[float, ...]]:
    return (0, tuple(length / 4 for length in look.dash)) if look.dash else "-"


def _state(panel: Panel, value: float) -> tuple[str, str]:
    if pd.isna(value):
        return "nothing", ""
    state = panel.states.get(round(value))
    return (state.name, state.color) if state else (f"{value:g}", GREY)


def _color(panel: Panel, value: float) -> str:
    return panel.color_of(value) or BLACK


def _latest(series: pd.Series[float]) -> float:
    return float(series.dropna().iloc[-1])


def _columns(frame: pd.DataFrame) -> Iterator[pd.Series[float]]:
    """Yield the columns, two of the same name as well."""
    for index in range(frame.shape[1]):
        yield frame.iloc[:, index]


def _write(figure: Figure, x: float, y: float, words: str, size: int, **style: Any) -> None:
    """Write at this place, in inches."""
    width, height = figure.get_size_inches()
    figure.text(x / width, y / height, words, fontsize=size, va="center", parse_math=False, **style)


def _short(name: object) -> str:
    text = str(name)
    half = NAME // 2
    return text if len(text) <= NAME else f"{text[: half - 1]}…{text[-half:]}"
