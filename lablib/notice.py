"""Notices: short framed texts in a notebook, readable with and without HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape

from IPython.core.getipython import get_ipython
from IPython.display import display

from lablib.palette import BLUE, GREEN, GREY, VERMILION

CHECK = "application/vnd.lab-kit.check+json"
FINISH = "application/vnd.lab-kit.finish+json"
# A sign, a word and a colour, so that nobody depends on the colour alone.
_SIGNS = {
    "solved": ("\u2714", GREEN),
    "wrong": ("\u2718", VERMILION),
    "unsolved": ("\u25cb", GREY),
    "unchecked": ("!", VERMILION),
    "note": ("\u2192", BLUE),
}


@dataclass(frozen=True)
class Notice:
    """A title, then lines of ``label: text``. ``kind`` is an outcome or "note"."""

    kind: str
    title: str
    lines: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, object] = field(default_factory=dict)
    """Structured copies for programs, by media type."""

    @property
    def text(self) -> str:
        """The notice as plain text."""
        sign, _ = _SIGNS[self.kind]
        rows = [f"   {label}: {text}" if label else f"   {text}" for label, text in self.lines]
        return "\n".join([f"{sign} {self.title}", *rows])

    @property
    def html(self) -> str:
        """The notice as HTML; colours keep their contrast on light and dark pages."""
        sign, colour = _SIGNS[self.kind]
        rows = "".join(
            f"<div>{f'<b>{escape(label)}:</b> ' if label else ''}"
            f'<span style="white-space:pre-wrap">{escape(text)}</span></div>'
            for label, text in self.lines
        )
        return (
            f'<div role="status" style="border-left:5px solid {colour};padding:4px 12px;margin:4px 0">'
            f'<div><span aria-hidden="true">{sign}</span> <b>{escape(self.title)}</b></div>{rows}</div>'
        )

    def publish(self) -> None:
        """Show the notice: in a notebook as rich output, elsewhere as text."""
        if get_ipython() is None:
            print(self.text)
            return
        publish({"text/html": self.html, "text/plain": self.text, **self.data})


def publish(bundle: Mapping[str, object]) -> None:
    """Show one thing in its several forms, by media type."""
    display(dict(bundle), raw=True)  # type: ignore[no-untyped-call]
