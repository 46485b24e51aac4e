"""When events are due. A rate is a schedule (start + n / rate), never a sleep per event."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

from lablib.errors import LabError
from lablib.sale import Event

DEFAULT_CAP = 100_000.0
LATE_AFTER = 0.1


class Pace(Protocol):
    """Hands out the events of a source when their time has come."""

    late: int
    """How many events were handed out more than 0.1 s after their time."""

    def restart(self) -> None:
        """Begin the schedule now, as at the start or after a pause: nothing is caught up."""

    def take(self, events: Iterator[Event], limit: int) -> list[Event] | None:
        """Return the events that are due, at most ``limit``, perhaps none; None after the last."""

    def wait(self) -> float:
        """Return the seconds until the next event is due (0 or less: now)."""


class Allowance:
    """A token bucket: lets at most ``cap`` events a second through, whatever the schedule says."""

    def __init__(self, cap: float, clock: Callable[[], float]) -> None:
        """Take the cap in events per second; up to a tenth of a second's worth may come at once."""
        self.cap, self._clock = positive(cap, "safety cap"), clock
        self._tokens, self._last = 1.0, clock()

    def grant(self, wanted: float) -> int:
        """Return how many of the wanted events may pass now."""
        now = self._clock()
        refill = self._tokens + (now - self._last) * self.cap
        self._tokens, self._last = min(refill, max(1.0, self.cap / 10)), now
        granted = int(min(wanted, self._tokens))
        self._tokens -= granted
        return granted

    def wait(self) -> float:
        """Return the seconds until one event may pass."""
        return self._last - self._clock() + (1.0 - self._tokens) / self.cap


class Rate:
    """So many events a second. ``rate`` may be set while it runs, also from another thread."""

    def __init__(self, rate: float, cap: float, clock: Callable[[], float]) -> None:
        """Take the rate in events per second (0: as fast as the cap allows), the cap, the clock."""
        self.late = 0
        self._clock, self._lock = clock, threading.RLock()
        self._allowance = Allowance(cap, clock)
        self.rate = rate

    @property
    def rate(self) -> float:
        """Events per second; 0 means as fast as the cap allows. A rate above the cap is refused."""
        return self._rate

    @rate.setter
    def rate(self, rate: float) -> None:
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate):
            raise LabError("A rate is a number of events per second.", repr(rate), "for example 50")
        if rate < 0:
            raise LabError("A rate cannot be negative.", f"{rate:g}", "0 means as fast as possible")
        if rate > self._allowance.cap:
            raise LabError(
                f"This rate is above the safety cap of {self._allowance.cap:,.0f} events/s.",
                f"{rate:,.0f}",
                "a lower rate, or raise the cap on purpose",
            )
        with self._lock:
            self._rate = float(rate)
            self.restart()

    def restart(self) -> None:
        """Begin the schedule now."""
        with self._lock:
            self._start, self._count = self._clock(), 0

    def take(self, events: Iterator[Event], limit: int) -> list[Event] | None:
        """Return the events that are due by the schedule and within the cap."""
        with self._lock:
            number = self._allowance.grant(min(self._due(self._clock()), limit))
            late = min(number, max(0, self._due(self._clock() - LATE_AFTER)))
        taken = list(islice(events, number))
        with self._lock:
            self._count += len(taken)
            self.late += int(late) if self._rate else 0
        return None if number and not taken else taken

    def _due(self, now: float) -> float:
        """How many events are due at ``now`` that were not taken yet: floor(t * rate) + 1 - n."""
        if not self._rate:
            return math.inf
        return math.floor((now - self._start) * self._rate) + 1 - self._count

    def wait(self) -> float:
        """Return the seconds until the next event is due."""
        with self._lock:
            due = self._start + self._count / self._rate - self._clock() if self._rate else 0.0
            return max(due, self._allowance.wait())


class EventTime:
    """Replays events as far apart as they happened, ``speedup`` times faster than real time."""

    def __init__(self, speedup: float, cap: float, clock: Callable[[], float]) -> None:
        """Take the speed-up (3600: an hour of sales in a second), the cap and the clock."""
        self.late = 0
        self._speedup, self._clock = positive(speedup, "speed-up"), clock
        self._allowance = Allowance(cap, clock)
        self._pending: Event | None = None
        self._origin: tuple[float, float] | None = None

    def restart(self) -> None:
        """Let the next event be due now."""
        self._origin = None

    def take(self, events: Iterator[Event], limit: int) -> list[Event] | None:
        """Return the events whose time has come. A late one, whose time lies behind, goes at once."""
        taken: list[Event] = []
        while len(taken) < limit:
            if self._pending is None:
                self._pending = next(events, None)
            if self._pending is None:
                return taken or None
            wait = self._until(self._pending)
            if wait > 0 or not self._allowance.grant(1):
                break
            self.late += wait < -LATE_AFTER and self._pending.kind != "late"
            taken.append(self._pending)
            self._pending = None
        return taken

    def wait(self) -> float:
        """Return the seconds until the pending event is due."""
        due = self._until(self._pending) if self._pending is not None else 0.0
        return max(due, self._allowance.wait())

    def _until(self, event: Event) -> float:
        now = self._clock()
        if self._origin is None:
            self._origin = (now, event.event_time)
        start, first = self._origin
        return start + (event.event_time - first) / self._speedup - now


def positive(value: float, name: str) -> float:
    """Return the value as a float; raise LabError unless it is a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise LabError(f"The {name} must be a number above 0.", repr(value))
    return float(value)
