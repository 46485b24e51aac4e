"""``python -m tools.bench [--quick] [--json FILE] [SUBJECT ...]``: one table of ratios from one run."""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from lablib.errors import LabError
from tools.bench.home import tell
from tools.bench.pairs import Row

SUBJECTS = {
    "start": "start and memory of the stack",
    "images": "size of images, start and memory of containers",
    "produce": "events per second into Kafka",
    "sinks": "rows per second into Postgres",
    "latency": "from sending to the visible row",
    "recovery": "whole again after a kill",
    "streams": "stream SQL against Java by hand",
    "metrics": "what watching costs",
}
HEADINGS = ("subject", "this kit", "compared with", "ratio", "CPU-s ratio", "target", "")


def main() -> int:
    """Measure the subjects named on the command line, or all; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench",
        description="Measure this kit against the usual way: "
        + "; ".join(f"{name}: {what}" for name, what in SUBJECTS.items()),
    )
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs, for trying")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write what was measured")
    options = parser.parse_args()
    if unknown := set(options.subjects) - SUBJECTS.keys():
        parser.error(f"no subject {', '.join(unknown)}; there are {', '.join(SUBJECTS)}")
    # Kafka's client complains of each broker that is killed on purpose.
    logging.getLogger("lablib").setLevel(logging.CRITICAL)
    rows, failures = [], 0
    for name in options.subjects or SUBJECTS:
        began = time.monotonic()
        try:
            rows += import_module(f"tools.bench.{name}").measure(quick=options.quick)
        except LabError as error:
            failures += 1
            tell(f"{name} could not be measured: {error}")
        tell(f"{name}: {time.monotonic() - began:.0f} s")
    print(table(rows))
    print(f"\n{machine()}. Ratio: median of pairs A B B A (range); above 1 the kit has more of it.")
    if options.json:
        report = {"machine": machine(), "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(report, indent=2) + "\n")
    return min(failures, 1)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text in columns, under their headings."""
    cells = [HEADINGS]
    cells += [(r.subject, r.kit, r.other, r.ratio, r.cpu, r.target, r.verdict) for r in rows]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADINGS))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def machine() -> str:
    """Name what the figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    sys.exit(main())
