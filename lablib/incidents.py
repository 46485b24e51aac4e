"""A night at the shops: sales that are made right now, and incidents that always heal.

An incident breaks one thing for as long as a ``with`` block lasts. Which of them a learner meets, and
in which order, is drawn from a seed, so that nobody can read the answer off the notebook.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from lablib.connect import Connect
from lablib.errors import LabError
from lablib.pipeline import SINK
from lablib.producer import Producer
from lablib.sale import Event, Kind
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales

CAUSES = ("sink", "database", "broker", "events", "shops")
"""What can be the matter: the first three stop rows, the others only seem to."""

EVENTS_PER_DAY = 100_000
_TIME = re.compile(rb'"event_time":"\d[^"]*"')


class LiveSales:
    """A source without end whose sales happen while they are sent, half a second to two ago.

    ``broken`` is the share of broken events among them.
    """

    def __init__(self, seed: int) -> None:
        """Take the seed of the shops."""
        self.seed = seed
        self.broken = 0.0

    def break_share(self, share: float) -> None:
        """Let this share of the events be broken from now on."""
        self.broken = share

    def __iter__(self) -> Iterator[Event]:
        """Yield sales, and broken events as often as ``broken`` says."""
        chance = random.Random(self.seed)
        good = iter(SyntheticSales(self.seed, events_per_day=EVENTS_PER_DAY))
        faulty = SyntheticSales(self.seed, events_per_day=EVENTS_PER_DAY, invalid=1.0)
        bad = (event for event in faulty if event.kind is Kind.INVALID)
        while True:
            event = next(bad if chance.random() < self.broken else good)
            time = datetime.now(UTC) - timedelta(seconds=chance.uniform(0.5, 2))
            text = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            value = _TIME.sub(b'"event_time":"%b"' % text.encode(), event.value)
            yield event._replace(value=value, event_time=time.timestamp())


def draw(stack: Stack, seed: int) -> dict[str, str]:
    """Return a cause for each of the incidents A, B and C. One of them is the sink.

    From within a container no server can be frozen, so there all are of the kind that works.
    """
    # Never the broker: after a freeze of it figures may come back too late for a lesson.
    others = ["database", "events", "shops"]
    if stack.backend.name == "attached":
        others = ["events", "shops"]
    chance = random.Random(seed)
    found = ["sink", *chance.sample(others, 2)]
    chance.shuffle(found)
    return dict(zip("ABC", found, strict=True))


@contextmanager
def incident(cause: str, stack: Stack, shops: Producer, sales: LiveSales) -> Iterator[None]:
    """Break one thing for the ``with`` block, and heal it whatever happens."""
    if cause not in CAUSES:
        raise LabError(f"There is no incident {cause!r}.", ", ".join(CAUSES))
    connect = Connect(stack.env["CONNECT_URL"])
    acts: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "sink": (lambda: connect.pause(SINK), lambda: connect.resume(SINK)),
        "database": (lambda: stack.pause("postgres"), lambda: stack.resume("postgres")),
        "broker": (lambda: stack.pause("kafka"), lambda: stack.resume("kafka")),
        "events": (lambda: sales.break_share(0.5), lambda: sales.break_share(0.0)),
        "shops": (shops.pause, shops.resume),
    }
    begin, heal = acts[cause]
    begin()
    try:
        yield
    finally:
        heal()
