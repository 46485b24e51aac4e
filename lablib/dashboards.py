"""Grafana's dashboards without Grafana: in a notebook, and as a page of their own.

The files under ``stack/grafana/dashboards`` are the one truth. Grafana shows them, and this module
asks Prometheus the same questions and draws the same panels.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lablib.errors import LabError
from lablib.panels import Panel
from lablib.prometheus import Prometheus
from lablib.settings import Settings, load_settings
from lablib.stack import Stack

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lablib.live import LiveDashboard


@dataclass(frozen=True)
class Dashboard:
    """A dashboard: its panels, and what Prometheus answers to them.

    >>> board = Dashboard.load("sales")
    >>> board.read(board.panel("Sales in, rows out"), stack, minutes=5)
    """

    name: str
    title: str
    description: str
    panels: tuple[Panel, ...]

    @classmethod
    def load(cls, name: str, settings: Settings | None = None) -> Dashboard:
        """Read the dashboard of that name; LabError if there is none."""
        folder = (settings or load_settings()).stack_files / "grafana" / "dashboards"
        path = folder / f"{name}.json"
        if not path.is_file():
            names = ", ".join(sorted(file.stem for file in folder.glob("*.json")))
            raise LabError(f"There is no dashboard {name!r}.", f"there are: {names}")
        board = json.loads(path.read_text())
        panels = tuple(Panel.from_json(panel) for panel in board["panels"])
        return cls(name, board["title"], board["description"], panels)

    def panel(self, title: str) -> Panel:
        """Return the panel with that title; LabError if there is none."""
        for panel in self.panels:
            if panel.title == title:
                return panel
        titles = ", ".join(panel.title for panel in self.panels)
        raise LabError(f"{self.name} has no panel {title!r}.", f"it has: {titles}")

    def read(self, panel: Panel, source: Stack | str, minutes: float = 5) -> pd.DataFrame:
        """Return what a panel shows: a column per series, a row per moment, NaN where is nothing.

        Args:
            panel: one of `panels`.
            source: the stack, or the address of a Prometheus.
            minutes: how far back.
        """
        return Prometheus(source).read(panel.queries, minutes)

    def figure(self, panel: Panel, source: Stack | str, minutes: float = 5) -> Figure:
        """Return the panel's picture."""
        from lablib.charts import draw

        return draw(panel, self.read(panel, source, minutes))


def expressions(dashboard: Dashboard, rate_interval: str = "1m") -> list[str]:
    """Return every expression of a dashboard, as Prometheus takes it."""
    return [query.asked(rate_interval) for panel in dashboard.panels for query in panel.queries]


def show_dashboard(
    stack: Stack | str, name: str = "sales", minutes: float = 5, every: float = 5
) -> LiveDashboard:
    """Show a dashboard in the notebook, and keep it current. Return it: it has `refresh` and `stop`.

    Args:
        stack: the stack, or the address of a Prometheus.
        name: ``sales`` or ``servers``.
        minutes: how far back.
        every: seconds between two looks; 0 looks once.
    """
    from lablib.live import LiveDashboard

    settings = stack.settings if isinstance(stack, Stack) else None
    live = LiveDashboard(Dashboard.load(name, settings), Prometheus(stack), minutes)
    live.show(every)
    return live


def report(
    stack: Stack | str, name: str = "sales", minutes: float = 15, path: Path | None = None
) -> Path:
    """Write a dashboard as one HTML file that needs nothing else, and return where it is.

    Args:
        stack: the stack, or the address of a Prometheus.
        name: ``sales`` or ``servers``.
        minutes: how far back.
        path: the file; by default one in the checkout's data folder.
    """
    from lablib.page import page

    settings = stack.settings if isinstance(stack, Stack) else load_settings()
    text = page(Dashboard.load(name, settings), Prometheus(stack), minutes)
    path = path or settings.data / "dashboards" / f"{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
