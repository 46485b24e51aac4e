"""Diagrams from text: lines such as ``shops -> Kafka -> Postgres: rows`` become an SVG picture.

Boxes stand in columns, from left to right along the arrows. A word after a colon labels the last
arrow of its line. Boxes written as ``Kafka (topic sales)`` have a second, smaller line.
"""

from __future__ import annotations

import re
from html import escape
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from lablib.errors import LabError
from lablib.palette import BLACK, BLUE

WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE = 165, 84, 75, 36, 6


class Arrow(NamedTuple):
    """From one box to another, with a label that may be empty."""

    start: str
    end: str
    label: str


def read_arrows(text: str) -> list[Arrow]:
    """Return the arrows of a diagram's text. Raises LabError for a line without an arrow."""
    arrows: list[Arrow] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        path, _, label = line.partition(":")
        boxes = [box.strip() for box in path.split("->")]
        if len(boxes) < 2 or not all(boxes):
            raise LabError(
                "A line of a diagram has no arrow.", line, "write: shops -> Kafka: sales"
            )
        pairs = list(pairwise(boxes))
        labels = [""] * (len(pairs) - 1) + [label.strip()]
        arrows += [Arrow(*pair, text) for pair, text in zip(pairs, labels, strict=True)]
    return arrows


def columns(arrows: list[Arrow]) -> dict[str, int]:
    """Return each box's column: one more than the boxes before it. Arrows back are passed over."""
    place: dict[str, int] = {}
    ahead: dict[str, set[str]] = {}
    for arrow in arrows:
        place.setdefault(arrow.start, 0)
        place.setdefault(arrow.end, 0)
        if not _leads(ahead, arrow.end, arrow.start):
            ahead.setdefault(arrow.start, set()).add(arrow.end)
    for _ in place:
        for start, ends in ahead.items():
            for end in ends:
                place[end] = max(place[end], place[start] + 1)
    return place


def draw(text: str, alt: str) -> str:
    """Return the diagram as SVG, sized by its boxes, with ``alt`` for those who cannot see it."""
    arrows = read_arrows(text)
    place = columns(arrows)
    filled: dict[int, int] = {}
    spot: dict[str, tuple[int, int]] = {}
    tallest = max(list(place.values()).count(column) for column in place.values())
    for box, column in place.items():
        row = filled.get(column, 0)
        filled[column] = row + 1
        spare = (tallest - list(place.values()).count(column)) * (HEIGHT + GAP_Y) // 2
        x = EDGE + column * (WIDTH + GAP_X)
        spot[box] = (x, EDGE + spare + row * (HEIGHT + GAP_Y))
    width = max(x for x, _ in spot.values()) + WIDTH + EDGE
    height = max(y for _, y in spot.values()) + HEIGHT + EDGE
    # One page may hold several diagrams: an id must be this one's own, or its arrows lose their tips.
    tip = f"tip-{crc32(text.encode()):08x}"
    parts = [_arrow(arrow, spot, tip) for arrow in arrows] + [
        _box(b, *at) for b, at in spot.items()
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(alt)}" width="{width}" font-family="Arial, Liberation Sans, sans-serif" text-anchor="middle">'
        f'<defs><marker id="{tip}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
        f'markerHeight="8" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="{BLACK}"/>'
        f"</marker></defs>{''.join(parts)}</svg>"
    )


def _leads(ahead: dict[str, set[str]], start: str, goal: str) -> bool:
    return start == goal or any(_leads(ahead, box, goal) for box in ahead.get(start, ()))


def _box(box: str, x: int, y: int) -> str:
    match = re.fullmatch(r"(.*?)(?:\s*\((.*)\))?", box)
    name, small = (match[1], match[2] or "") if match else (box, "")
    middle = x + WIDTH // 2
    lift = -3 if small else 7
    return (
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="10" fill="#fff" '
        f'stroke="{BLUE}" stroke-width="3"/>'
        f'<text x="{middle}" y="{y + HEIGHT // 2 + lift}" font-size="25">{escape(name)}</text>'
        f'<text x="{middle}" y="{y + HEIGHT // 2 + 23}" font-size="18">{escape(small)}</text>'
    )


def _arrow(arrow: Arrow, spot: dict[str, tuple[int, int]], tip: str) -> str:
    (x1, y1), (x2, y2) = spot[arrow.start], spot[arrow.end]
    if x1 == x2:
        x1, x2 = x1 + WIDTH // 2, x2 + WIDTH // 2
        y1, y2 = (y1 + HEIGHT, y2) if y1 < y2 else (y1, y2 + HEIGHT)
    else:
        y1, y2 = y1 + HEIGHT // 2, y2 + HEIGHT // 2
        x1, x2 = (x1 + WIDTH, x2) if x1 < x2 else (x1, x2 + WIDTH)
    return (
        f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{BLACK}" stroke-width="2" '
        f'marker-end="url(#{tip})"/><text x="{(x1 + x2) // 2}" y="{(y1 + y2) // 2 - 12}" '
        f'font-size="17">{escape(arrow.label)}</text>'
    )
