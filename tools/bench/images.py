"""Images and containers: size of each image, cold build, start under Compose, memory at rest."""

from __future__ import annotations

import json
import subprocess
import time

from lablib.aggregates import install_aggregates
from lablib.backends.compose import Compose
from lablib.docker import engine_answers
from lablib.errors import LabError
from lablib.pipeline import install
from lablib.services import SERVICES
from lablib.settings import load_settings
from lablib.stack import Stack
from tools.bench.home import AWAY, tell
from tools.bench.pairs import Row, at_most, value_row

AT_REST = 5.0
MB, MIB = 1e6, 2**20


def measure(*, quick: bool) -> list[Row]:
    """Return the rows: one per image and per container, and the start of the whole stack."""
    answers, seen = engine_answers()
    if not answers:
        raise LabError("Images need a Docker engine.", seen)
    learner = load_settings()
    settings = learner.model_copy(
        update={
            "data": learner.data / "bench" / "compose",
            "port_offset": learner.port_offset + AWAY,
            "stack": "compose",
            "project": f"{learner.project}-bench",
        }
    )
    stack = Stack(settings, Compose(settings))
    tell("images: sizes")
    rows = []
    Compose(settings).images.build(SERVICES)
    for name in Compose(settings).images.names():
        size = json.loads(_docker("image", "inspect", name))[0]["Size"]
        rows.append(value_row(f"image {name}", [size / MB], unit="MB", target=at_most(200)))
    tell("images: start and memory")
    starts = []
    try:
        for _ in range(1 if quick else 3):
            stack.wipe()
            began = time.monotonic()
            stack.up()
            starts.append(time.monotonic() - began)
        install(stack)
        time.sleep(AT_REST)
        used = {s.name: _memory(s.pid) for s in stack.status()}
        stack.up("ksql")
        install_aggregates(stack)
        time.sleep(AT_REST)
        with_sql = {s.name: _memory(s.pid) for s in stack.status()}
    finally:
        stack.wipe()
    rows.append(value_row("containers ready, empty", starts, unit="s", target=at_most(30)))
    rows += [value_row(f"memory of {name}", [size], unit="MiB") for name, size in used.items()]
    rows.append(
        value_row(
            "memory of ksql, five queries", [with_sql["ksql"]], unit="MiB", target=at_most(600)
        )
    )
    for what, each, most in (("the core", used, 1024), ("all, with ksql", with_sql, 2560)):
        total = [sum(each.values())]
        rows.append(
            value_row(f"memory of {what}, at rest", total, unit="MiB", target=at_most(most))
        )
    return rows


def _docker(*words: str) -> str:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout


def _memory(container: str) -> float:
    """Return MiB in use, from a figure such as ``161.6MiB / 400MiB``."""
    shown = _docker("stats", "--no-stream", "--format={{.MemUsage}}", container).split(" / ")[0]
    units = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
    return float(shown[:-3]) * units[shown[-3:]] / MIB
