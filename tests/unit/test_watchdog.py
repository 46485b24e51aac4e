"""How patient the watchdog is."""

from __future__ import annotations

from itertools import pairwise

from lablib.watchdog import LONGEST_PAUSE, QUICK_TRIES, Patience


def test_tries_become_rarer_while_the_trouble_lasts() -> None:
    """At one look a second: thirty quick tries, then 2, 4, 8 ... and at most 60 s apart."""
    now = 0.0
    patience = Patience(clock=lambda: now)
    tried = []
    for second in range(600):
        now = float(second)
        if patience.may_try("sink"):
            tried.append(second)
    pauses = [b - a for a, b in pairwise(tried)]
    assert tried[0] == 0
    assert set(pauses[: QUICK_TRIES - 1]) == {1}
    assert pauses[QUICK_TRIES : QUICK_TRIES + 5] == [2, 4, 8, 16, 32]
    assert max(pauses) == LONGEST_PAUSE


def test_a_long_quiet_time_is_forgiven() -> None:
    """After trouble is over for a while, the next failure is answered at once."""
    now = 0.0
    patience = Patience(clock=lambda: now)
    for second in range(300):
        now = float(second)
        patience.may_try("sink")
    now += 1000
    for _ in range(QUICK_TRIES):
        now += 1
        assert patience.may_try("sink")


def test_each_name_has_its_own_count() -> None:
    """One broken connector does not delay the help for another."""
    now = 0.0
    patience = Patience(clock=lambda: now)
    for second in range(40):
        now = float(second)
        patience.may_try("a")
    now += 1
    assert not patience.may_try("a")
    assert patience.may_try("b")
