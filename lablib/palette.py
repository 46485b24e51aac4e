"""Colours that people with any colour vision can tell apart (Okabe and Ito, 2008)."""

from __future__ import annotations

BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
YELLOW = "#F0E442"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#777777"

CYCLE = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK, YELLOW)
"""The order in which lines and bars of a picture take their colours."""


def use_palette() -> None:
    """Make the palette, and sizes that can be read from the back row, matplotlib's default."""
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=CYCLE),
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.figsize": (8, 3.5),
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "grid.alpha": 0.3,
            "lines.linewidth": 2,
        }
    )
