"""How patient the watchdog is."""

from __future__ import annotations

from itertools import pairwise

from lablib.watchdog import LONGEST_PAUSE, Patience


def test_tries_become_rarer_while_the_trouble_lasts() -> None:
    """At one look a second, an incurable task is restarted 1, 2, 4 ... and at most 60 s apart."""
    now = 0.0
    patience = Patience(clock=lambda: now)
    tried = []
    for second in range(600):
        now = float(second)
        if patience.may_try("sink"):
            tried.append(second)
    pauses = [b - a for a, b in pairwise(tried)]
    assert tried[0] == 0
    assert pauses[:5] == [1, 2, 4, 8, 16]
    assert max(pauses) == LONGEST_PAUSE


def test_a_long_quiet_time_is_forgiven() -> None:
    """After trouble is over for a while, the next failure is answered at once."""
    now = 0.0
    patience = Patience(clock=lambda: now)
    for second in range(5):
        now = float(second)
        patience.may_try("sink")
    now += 1000
    assert patience.may_try("sink")
    now += 1
    assert patience.may_try("sink")


def test_each_name_has_its_own_count() -> None:
    """One broken connector does not delay the help for another."""
    patience = Patience(clock=lambda: 0.0)
    assert patience.may_try("a")
    assert not patience.may_try("a")
    assert patience.may_try("b")
