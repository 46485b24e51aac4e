"""Draws a panel with matplotlib, and tells in words what is seen on the picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from lablib.palette import BLACK, BLUE, CYCLE, GREEN, GREY, ORANGE, VERMILION
from lablib.panels import Look, Panel
from lablib.units import axis_label, in_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A page of 24 columns is so many inches wide, which gives letters of 10 points about 10 pixels.
PAGE = 12.8
ROW = 0.4
DPI = 110
LEGEND = 8
NAME = 34
JUDGED = {GREEN: "good", ORANGE: "watch it", VERMILION: "act"}


def draw(panel: Panel, frame: pd.DataFrame) -> Figure:
    """Return the picture of a panel. The frame has a column per series and a row per moment."""
    size = (PAGE * panel.width / 24, ROW * panel.height)
    figure = Figure(figsize=size, dpi=DPI, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    axes.set_axisbelow(True)
    if panel.kind == "stat":
        _draw_number(axes, panel, frame)
        return figure
    axes.set_title(panel.title, loc="left", fontsize=12, fontweight="bold", parse_math=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=10)
    if panel.kind == "state-timeline":
        _draw_states(axes, panel, frame)
    else:
        _draw_lines(axes, panel, frame)
    _time_axis(axes, frame)
    if frame.empty:
        axes.text(0.5, 0.5, panel.empty, ha="center", transform=axes.transAxes, color=GREY)
        axes.set_yticks([])
    return figure


def png(figure: Figure) -> bytes:
    """Return the picture as a file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def describe(panel: Panel, frame: pd.DataFrame) -> str:
    """Return what the picture shows, for those who cannot see it."""
    if frame.empty:
        return f"{panel.title}: {panel.empty}"
    if panel.kind == "state-timeline":
        told = [_states_in_words(panel, series) for series in _series(frame)]
    else:
        told = [_course_in_words(panel, series) for series in _series(frame)]
    return f"{panel.title}: {'; '.join(told)}."


def _course_in_words(panel: Panel, series: pd.Series[float]) -> str:
    last = in_words(series.iloc[-1], panel.unit)
    low, high = (in_words(value, panel.unit) for value in (series.min(), series.max()))
    color = panel.color_of(float(series.dropna().iloc[-1])) if panel.kind == "stat" else None
    judged = f", {JUDGED[color]}" if color in JUDGED else ""
    return f"{series.name} is {last}{judged} (from {low} to {high})"


def _states_in_words(panel: Panel, series: pd.Series[float]) -> str:
    names = [name for name, _ in groupby(_state(panel, value)[0] for value in series)]
    return f"{series.name}: {', then '.join(names[-4:])}"


def _draw_number(axes: Axes, panel: Panel, frame: pd.DataFrame) -> None:
    axes.set_axis_off()
    axes.text(0, 1, panel.title, va="top", fontsize=11, transform=axes.transAxes, color=BLACK)
    if frame.empty:
        axes.text(0, 0.4, panel.empty, transform=axes.transAxes, color=GREY, fontsize=12)
        return
    many = frame.shape[1] > 1
    for index, series in enumerate(_series(frame)):
        value = series.dropna().iloc[-1]
        color = panel.color_of(value) or BLACK
        place = 0.44 - 0.34 * index if many else 0.34
        words = in_words(value, panel.unit)
        axes.text(
            0, place, words, transform=axes.transAxes, color=color,
            fontsize=17 if many else 24, fontweight="bold",
        )  # fmt: skip
        note = str(series.name) if many else JUDGED.get(color, "")
        note = "nothing new" if pd.isna(series.iloc[-1]) else note
        at = (1, place) if many else (0, 0.04)
        axes.text(
            *at,
            note,
            transform=axes.transAxes,
            color=GREY,
            fontsize=10,
            ha="right" if many else "left",
        )
    if not many:
        line = axes.inset_axes((0.5, 0, 0.5, 0.3))
        line.set_axis_off()
        line.plot(frame.index, frame.iloc[:, 0], color=panel.color_of(frame.iloc[-1, 0]) or BLUE)


def _draw_lines(axes: Axes, panel: Panel, frame: pd.DataFrame) -> None:
    axes.grid(visible=True, alpha=0.3)
    axes.set_ylabel(axis_label(panel.unit), fontsize=10)
    handles = []
    for look, series in zip(_looks(panel, frame), _series(frame), strict=True):
        style = (0, tuple(length / 4 for length in look.dash)) if look.dash else "-"
        (line,) = axes.plot(
            series.index, series, color=look.color, linestyle=style, linewidth=2, label=_short(series.name)
        )  # fmt: skip
        if series.count() == 1:
            line.set_marker("o")
        handles.append(line)
    _value_axis(axes, panel, frame)
    _limits(axes, panel)
    if handles:
        _legend(axes, handles)


def _looks(panel: Panel, frame: pd.DataFrame) -> Iterator[Look]:
    """Yield how each series looks: as the dashboard says, else what is left of the palette."""
    taken = {panel.looks[name].color for name in frame.columns if name in panel.looks}
    free = [color for color in CYCLE if color not in taken] or list(CYCLE)
    unknown = 0
    for name in frame.columns:
        if name in panel.looks:
            yield panel.looks[name]
            continue
        dash = () if unknown < len(free) else (6, 4)
        yield Look(free[unknown % len(free)], dash)
        unknown += 1


def _value_axis(axes: Axes, panel: Panel, frame: pd.DataFrame) -> None:
    low, high = (frame.min().min(), frame.max().max()) if not frame.empty else (0.0, 1.0)
    if panel.most is not None:
        high = panel.most
    for step, _ in panel.steps:
        if step is not None and step < 4 * high:
            high = max(high, step)
    low = min(low, 0.0)
    space = (high - low or 1.0) * 0.06
    axes.set_ylim(low if panel.least is not None else low - space, high + space)
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    if panel.unit in ("bytes", "Bps", "percentunit", "short", "suffix:/s"):
        unit = "short" if panel.unit == "suffix:/s" else panel.unit
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: in_words(value, unit)))


def _limits(axes: Axes, panel: Panel) -> None:
    low, high = axes.get_ylim()
    for step, color in panel.steps:
        if step is not None and low <= step <= high:
            axes.axhline(step, color=color, linewidth=1.2, linestyle=(0, (2, 2)))
            axes.annotate(
                in_words(step, panel.unit), (1, step), xycoords=("axes fraction", "data"),
                xytext=(2, 0), textcoords="offset points", va="center", fontsize=9, color=color,
                annotation_clip=False,
            )  # fmt: skip


def _draw_states(axes: Axes, panel: Panel, frame: pd.DataFrame) -> None:
    seen: dict[str, str] = {}
    moments: list[float] = list(date2num(frame.index))  # type: ignore[no-untyped-call]
    step = moments[1] - moments[0]
    for row, series in enumerate(_series(frame)):
        course = zip(moments, series, strict=True)
        for (name, color), run in groupby(course, lambda now: _state(panel, now[1])):
            begins = [moment for moment, _ in run]
            if not color:
                continue
            seen[name] = color
            axes.broken_barh(
                [(begins[0], begins[-1] - begins[0] + step)], (row - 0.4, 0.8), color=color
            )
    axes.set_yticks(range(frame.shape[1]), [_short(name) for name in frame.columns])
    axes.set_ylim(max(frame.shape[1], 3) - 0.4, -0.6)
    axes.tick_params("y", length=0)
    axes.spines["left"].set_visible(False)
    if seen:
        _legend(axes, [Patch(color=color, label=name) for name, color in seen.items()])


def _state(panel: Panel, value: float) -> tuple[str, str]:
    if pd.isna(value):
        return "nothing", ""
    state = panel.states.get(round(value))
    return (state.name, state.color) if state else (f"{value:g}", GREY)


def _time_axis(axes: Axes, frame: pd.DataFrame) -> None:
    zone = frame.index.tz if isinstance(frame.index, pd.DatetimeIndex) else None
    locator = AutoDateLocator(tz=zone, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = ConciseDateFormatter(locator, tz=zone, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    if len(frame) > 1:
        axes.set_xlim(frame.index[0], frame.index[-1])


def _legend(axes: Axes, handles: list[Line2D] | list[Patch]) -> None:
    left_out = len(handles) - LEGEND
    shown: list[Line2D | Patch] = list(handles[:LEGEND])
    if left_out > 0:
        shown.append(Patch(alpha=0, label=f"and {left_out} more"))
    longest = max(len(str(handle.get_label())) for handle in shown)
    inches = axes.get_figure().get_size_inches()[0]  # type: ignore[union-attr]
    columns = max(1, min(len(shown), int(inches / (0.45 + 0.085 * longest))))
    axes.figure.legend(
        handles=shown, loc="outside lower left", ncols=columns, fontsize=10,
        frameon=False, borderpad=0, handlelength=2.2, columnspacing=1.2,
    )  # fmt: skip


def _series(frame: pd.DataFrame) -> Iterator[pd.Series[float]]:
    """Yield the columns, two of the same name as well."""
    for index in range(frame.shape[1]):
        yield frame.iloc[:, index]


def _short(name: object) -> str:
    text = str(name)
    half = NAME // 2
    return text if len(text) <= NAME else f"{text[: half - 1]}…{text[-half:]}"
