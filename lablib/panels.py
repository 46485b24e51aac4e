"""What a panel of a dashboard is made of, read from Grafana's own JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

RATE_INTERVAL = "$__rate_interval"
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Query:
    """An expression in PromQL, and how its series are called."""

    expression: str
    legend: str

    def asked(self, rate_interval: str) -> str:
        """Return the expression as Prometheus takes it. Only Grafana knows ``$__rate_interval``."""
        return self.expression.replace(RATE_INTERVAL, rate_interval)

    def name(self, labels: Mapping[str, str]) -> str:
        """Return the name of the series with these labels."""
        text = _LABEL.sub(lambda label: labels.get(label[1], ""), self.legend).strip()
        return text or ", ".join(f"{k}={v}" for k, v in labels.items() if k != "__name__")


@dataclass(frozen=True)
class Look:
    """How a line looks: its colour, and the lengths of its dashes and gaps."""

    color: str
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class State:
    """What a value stands for where values are states."""

    name: str
    color: str


@dataclass(frozen=True)
class Panel:
    """One picture of a dashboard. ``steps``: from which value on (None: the least) which colour."""

    id: int
    title: str
    kind: str
    unit: str
    description: str
    width: int
    height: int
    queries: tuple[Query, ...]
    looks: Mapping[str, Look]
    steps: tuple[tuple[float | None, str], ...]
    states: Mapping[int, State]
    most: float | None
    empty: str

    @classmethod
    def from_json(cls, panel: Mapping[str, Any]) -> Panel:
        """Read Grafana's description of a panel."""
        defaults = panel["fieldConfig"]["defaults"]
        steps = defaults.get("thresholds", {}).get("steps", [])
        return cls(
            id=panel["id"],
            title=panel["title"],
            kind=panel["type"],
            unit=defaults["unit"],
            description=panel["description"],
            width=panel["gridPos"]["w"],
            height=panel["gridPos"]["h"],
            queries=tuple(Query(t["expr"], t["legendFormat"]) for t in panel["targets"]),
            looks=dict(_look(override) for override in panel["fieldConfig"]["overrides"]),
            steps=tuple((step["value"], step["color"]) for step in steps),
            states={
                int(value): State(result["text"], result["color"])
                for mapping in defaults.get("mappings", [])
                for value, result in mapping["options"].items()
            },
            most=defaults.get("max"),
            empty=defaults.get("noValue", "No data."),
        )

    def color_of(self, value: float) -> str | None:
        """Return the colour of the step that a value has reached, None where there are no steps."""
        reached = [color for least, color in self.steps if least is None or value >= least]
        return reached[-1] if reached else None


def _look(override: Mapping[str, Any]) -> tuple[str, Look]:
    properties = {p["id"]: p["value"] for p in override["properties"]}
    dash = properties.get("custom.lineStyle", {}).get("dash", ())
    return override["matcher"]["options"], Look(properties["color"]["fixedColor"], tuple(dash))
