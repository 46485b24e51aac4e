"""How long until sales flow again after a server was killed under load, and whether all are right.

As shipped nobody helps: the servers are killed behind the kit's back (SIGKILL to the process), and
the watchdog has to notice. With stock settings there is no watchdog; there a supervisor is assumed
that starts the server again at once. Postgres is held down for five seconds in both cases, and the
time counts from the moment it answers again. "Flowing" means: a sale that was sent after the kill is
in the table. A stock run that has not recovered within the bound is reported as that.
"""

from __future__ import annotations

import time
from contextlib import suppress

import psutil
import psycopg

from lablib.errors import LabError
from lablib.pipeline import install
from lablib.postgres import connection
from lablib.producer import Producer
from lablib.reset import reset_pipeline
from lablib.services import SERVICES
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import verify
from tools.bench.home import SERVERS, bench_stack, family, tell
from tools.bench.pairs import Row, at_most, value_row

TARGETS = {"kafka": 6.0, "connect": 13.0, "postgres": 5.0}
RATE = 500.0
BEFORE, DOWN = 4.0, 5.0
WITHIN = 90.0
LOOK_EVERY = 0.05
VERIFY_WITHIN = 90.0


def measure(*, quick: bool) -> list[Row]:
    """Return, for each server, the seconds as shipped and with stock settings."""
    runs = 1 if quick else 3
    kit = _measure_arm(stock=False, runs=runs)
    # One run: it shows in what class stock settings are, and may take its full bound.
    stock = _measure_arm(stock=True, runs=1)
    rows = []
    for name, bound in TARGETS.items():
        seconds = [found for found, _ in kit[name]]
        row = value_row(f"{name} killed, sales flow", seconds, unit="s", target=at_most(bound))
        all_exact = all(exact for _, exact in kit[name])
        ((other, other_exact),) = stock[name]
        text = f"{other:.1f} s" if other < WITHIN else f"not within {WITHIN:.0f} s"
        rows.append(
            Row(
                row.subject,
                f"{row.kit}, {'exact' if all_exact else 'NOT EXACT'}",
                f"{text}{', exact' if other_exact else ''}, stock",
                "",
                "",
                row.target,
                row.verdict if all_exact else "missed",
                {"kit": kit[name], "stock": stock[name]},
            )
        )
    return rows


def _measure_arm(*, stock: bool, runs: int) -> dict[str, list[tuple[float, bool]]]:
    found: dict[str, list[tuple[float, bool]]] = {}
    with bench_stack(stock=stock, services=SERVERS if stock else SERVICES) as stack:
        stack.up()
        install(stack)
        for name in TARGETS:
            for number in range(runs):
                tell(f"recovery: {name}, {'stock' if stock else 'kit'}, {number + 1} of {runs}")
                found.setdefault(name, []).append(_run(stack, name, supervised=stock))
    return found


def _run(stack: Stack, name: str, *, supervised: bool) -> tuple[float, bool]:
    """Return the seconds until sales flow (the bound if they never do) and whether all are exact."""
    stack.up()
    reset_pipeline(stack)
    producer = Producer(stack)
    producer.start(SyntheticSales(seed=7), rate=RATE)
    try:
        _wait_flowing(stack, sent=1, within=WITHIN)
        time.sleep(BEFORE)
        _kill(stack, name)
        began, sent = time.monotonic(), producer.report.sent
        if name == "postgres":
            time.sleep(DOWN)
        if name == "postgres" or supervised:
            stack.restart(name)
        if name == "postgres":
            began = time.monotonic()
        # More rows than had been sent when the server died: one of them was sent afterwards.
        flows = _wait_flowing(stack, sent=sent + 1, within=WITHIN)
        seconds = time.monotonic() - began if flows else WITHIN
        time.sleep(1)
    finally:
        producer.stop()
        with suppress(LabError):  # what was not acknowledged stands in the ledger
            producer.wait(WITHIN)
    return seconds, bool(flows and verify(stack, within=VERIFY_WITHIN))


def _kill(stack: Stack, name: str) -> None:
    """End a server; Postgres so that the watchdog leaves it down, the others behind its back."""
    if name == "postgres":
        stack.kill(name)
        return
    members = family(stack, name)
    for member in members:
        member.kill()
    psutil.wait_procs(members, timeout=5)


def _wait_flowing(stack: Stack, *, sent: int, within: float) -> bool:
    """Return whether so many sales became visible within the time, in whatever order they came."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(psycopg.Error), connection(stack, autocommit=True) as session:
            while time.monotonic() < deadline:
                row = session.execute("SELECT count(*) FROM sales_raw").fetchone()
                if row and row[0] >= sent:
                    return True
                time.sleep(LOOK_EVERY)
        time.sleep(LOOK_EVERY)
    return False
