"""A dashboard in a notebook that keeps itself current."""

from __future__ import annotations

import base64
import threading
import time
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, ClassVar

from lablib.charts import describe, draw, png
from lablib.errors import LabError
from lablib.prometheus import Prometheus

if TYPE_CHECKING:
    from lablib.dashboards import Dashboard
    from lablib.panels import Panel

LASTS = 30 * 60
"""After so many seconds it rests: nobody may be looking any more."""


def image(panel: Panel, prometheus: Prometheus, minutes: float) -> str:
    """Return a panel as an HTML image that says in words what it shows."""
    frame = prometheus.read(panel.queries, minutes)
    data = base64.b64encode(png(draw(panel, frame))).decode()
    words = escape(describe(panel, frame))
    return f'<img alt="{words}" src="data:image/png;base64,{data}" style="display: block; width: 100%">'


class LiveDashboard:
    """A grid of pictures, a button that pauses, and a line that tells how current they are.

    A thread looks and draws. It sets traits of widgets and does nothing else to the notebook. It ends
    with the kernel, when the same dashboard is shown anew, and rests when it has run for long.
    """

    shown: ClassVar[dict[str, LiveDashboard]] = {}

    def __init__(self, dashboard: Dashboard, prometheus: Prometheus, minutes: float) -> None:
        """Make the widgets; `show` displays them."""
        import ipywidgets as widgets  # type: ignore[import-untyped]

        self.dashboard, self.prometheus, self.minutes = dashboard, prometheus, minutes
        self._stopped, self._woken = threading.Event(), threading.Event()
        self.looking = threading.Lock()
        """Held while it looks."""
        self.thread: threading.Thread | None = None
        self._panels = [(panel, self._place(panel)) for panel in dashboard.panels]
        self._pause = widgets.ToggleButton(description="Pause", tooltip="Let the pictures stand")
        self._pause.observe(lambda _: self._woken.set(), "value")
        self._line = widgets.HTML()
        grid = widgets.GridBox(
            [place for _, place in self._panels],
            layout=widgets.Layout(
                grid_template_columns="repeat(24, minmax(0, 1fr))", grid_gap="6px 0", width="100%"
            ),
        )
        title = widgets.HTML(f"<b>{escape(dashboard.title)}</b>")
        self.widget = widgets.VBox([widgets.HBox([title, self._pause, self._line]), grid])

    def show(self, every: float) -> None:
        """Display it in the place of an earlier one, and look every so many seconds (0: once)."""
        from IPython.display import display

        if earlier := self.shown.pop(self.dashboard.name, None):
            earlier.stop()
        self.refresh()
        display(self.widget)  # type: ignore[no-untyped-call]
        if every:
            self.shown[self.dashboard.name] = self
            name = f"dashboard {self.dashboard.name}"
            self.thread = threading.Thread(target=self._keep, args=[every], name=name, daemon=True)
            self.thread.start()

    def refresh(self) -> None:
        """Look once, and draw what is seen; if Prometheus does not answer, say so."""
        with self.looking:
            try:
                for panel, place in self._panels:
                    place.value = image(panel, self.prometheus, self.minutes)
            except LabError as error:
                self._line.value = escape(str(error)).replace("\n", " ")
                return
            now = datetime.now().astimezone()
            self._line.value = f"the last {self.minutes:g} minutes, as of {now:%H:%M:%S}"

    def stop(self) -> None:
        """Look no more. The pictures stay."""
        self._stopped.set()
        self._woken.set()

    @property
    def line(self) -> str:
        """What it says of itself: how current it is, or what is wrong."""
        return str(self._line.value)

    @property
    def paused(self) -> bool:
        """Whether the button is pressed. May be set, too."""
        return bool(self._pause.value)

    @paused.setter
    def paused(self, value: bool) -> None:
        self._pause.value = value

    def _keep(self, every: float) -> None:
        rests_at = time.monotonic() + LASTS
        while not self._stopped.is_set():
            self._woken.wait(None if self.paused else every)
            self._woken.clear()
            if self._stopped.is_set() or self.paused:
                continue
            if time.monotonic() > rests_at:
                self.paused = True
                rests_at = time.monotonic() + LASTS
                continue
            self.refresh()

    @staticmethod
    def _place(panel: Panel) -> Any:
        import ipywidgets as widgets

        # Not grid_column: the widgets' own script takes it away again.
        area = f"auto / span {panel.width} / auto / auto"
        layout = widgets.Layout(grid_area=area, margin="0", height="auto")
        return widgets.HTML(layout=layout)
