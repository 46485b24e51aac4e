"""Schedules: events leave on time, never above the cap, and nothing is caught up after a pause."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lablib.errors import LabError
from lablib.pace import EventTime, Rate
from lablib.sale import Event, Kind


class Clock:
    """A clock that stands still until it is told to go."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def events(*times: float) -> Iterator[Event]:
    """Yield events of these times, or endlessly one a second."""
    for time in times or count():
        yield Event(b"S01", b"{}", Kind.SALE, "id", float(time))


@given(st.floats(0.5, 5000), st.lists(st.floats(0.001, 0.5), min_size=1, max_size=60))
def test_a_rate_sends_what_its_schedule_says(rate: float, steps: list[float]) -> None:
    """After t seconds exactly floor(t * rate) + 1 events have left, however often one looks."""
    clock = Clock()
    pace, source, sent = Rate(rate, 1e9, clock), events(), 0
    for step in steps:
        clock.now += step
        sent += len(pace.take(source, 10**6) or [])
    elapsed = clock.now - Clock.now
    assert math.isclose(sent, math.floor(elapsed * rate) + 1, abs_tol=1)


@given(st.floats(10, 1000), st.lists(st.floats(0.001, 3), min_size=1, max_size=60))
def test_no_schedule_passes_the_cap(cap: float, steps: list[float]) -> None:
    """At rate 0, which means as fast as allowed, no stretch of time sees more than the cap allows."""
    clock = Clock()
    pace, source, sent = Rate(0, cap, clock), events(), 0
    for step in steps:
        clock.now += step
        sent += len(pace.take(source, 10**6) or [])
    assert sent <= cap * (clock.now - Clock.now) + max(1, cap / 10) + 1


def test_a_stall_is_caught_up_by_the_schedule_but_not_a_pause() -> None:
    """A slow machine catches up (the load stays what was promised); a pause is no debt."""
    clock = Clock()
    pace, source = Rate(10, 1e9, clock), events()
    assert len(pace.take(source, 100) or []) == 1
    clock.now += 5
    assert len(pace.take(source, 100) or []) == 50
    assert pace.late == 48, "all but the last two were due more than 0.1 s ago"
    clock.now += 5
    pace.restart()
    assert len(pace.take(source, 100) or []) == 1


def test_the_rate_can_be_changed_while_it_runs() -> None:
    """A new rate counts from the moment of the change."""
    clock = Clock()
    pace, source = Rate(1, 1e9, clock), events()
    clock.now += 10
    pace.rate = 100
    clock.now += 1
    assert len(pace.take(source, 1000) or []) == 101
    assert pace.wait() == pytest.approx(0.01)


def test_the_end_of_the_source_is_told_apart_from_nothing_due() -> None:
    """An empty list means wait, None means the end."""
    clock = Clock()
    pace, source = Rate(1, 1e9, clock), events(1.0)
    assert len(pace.take(source, 10) or []) == 1
    assert pace.take(source, 10) == []
    clock.now += 1
    assert pace.take(source, 10) is None


@pytest.mark.parametrize("rate", [-1, math.nan, math.inf, "fast", None, True, 2000])
def test_a_rate_that_makes_no_sense_is_refused(rate: object) -> None:
    """Negative, not a number, text, and above the cap: each is answered clearly."""
    with pytest.raises(LabError, match=r"rate|cap"):
        Rate(rate, 1000, Clock())  # type: ignore[arg-type]


def test_event_time_passes_faster() -> None:
    """At speed-up 60 a minute of sales takes a second, and a late event does not wait."""
    clock = Clock()
    pace, source = EventTime(60, 1e9, clock), events(0, 60, 30, 120)
    assert [e.event_time for e in pace.take(source, 10) or []] == [0]
    assert pace.wait() == pytest.approx(1)
    clock.now += 1
    assert [e.event_time for e in pace.take(source, 10) or []] == [60, 30]
    clock.now += 1
    assert [e.event_time for e in pace.take(source, 10) or []] == [120]
    assert pace.take(source, 10) is None
    assert pace.late == 1


@pytest.mark.parametrize("speedup", [0, -5, math.nan, "60"])
def test_a_speedup_that_makes_no_sense_is_refused(speedup: object) -> None:
    """Only a number above 0 is a speed-up."""
    with pytest.raises(LabError, match="speed-up"):
        EventTime(speedup, 1000, Clock())  # type: ignore[arg-type]
