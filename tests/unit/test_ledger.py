"""The ledger: three outcomes, kept across a crash, by several writers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lablib.errors import LabError
from lablib.ledger import Entry, Ledger, Outcome, Totals
from lablib.sale import Event, Kind
from lablib.settings import Settings


def event(number: int, kind: Kind = Kind.SALE) -> Event:
    return Event(b"S%02d" % number, b'{"n": %d}' % number, kind, f"id-{number}", 0.0)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.sqlite")


def test_an_open_chunk_is_of_unknown_outcome(ledger: Ledger) -> None:
    """What was entered but never answered may be in Kafka or not: a crashed producer's trace."""
    run = ledger.begin("sales", "test")
    ledger.enter(run, [event(1), event(2)])
    assert [e.outcome for e in ledger.entries("sales")] == [Outcome.UNKNOWN] * 2
    assert ledger.totals("sales") == Totals(sent=2, acknowledged=0, failed=0, unknown=2)


def test_answers_are_kept_per_event(ledger: Ledger) -> None:
    """Within one chunk some are acknowledged, one was refused, one timed out."""
    chunk = ledger.enter(ledger.begin("sales", "test"), [event(i) for i in range(4)])
    ledger.close_chunk(chunk, failed=[1], unknown=[3])
    assert [e.outcome.value for e in ledger.entries("sales")] == [
        "acknowledged",
        "failed",
        "acknowledged",
        "unknown",
    ]
    assert ledger.totals("sales") == Totals(sent=4, acknowledged=2, failed=1, unknown=1)


@given(
    sent=st.lists(
        st.tuples(st.binary(max_size=20), st.binary(max_size=300), st.sampled_from(Kind)),
        min_size=1,
        max_size=20,
    )
)
def test_keys_values_and_kinds_come_back_as_they_were(
    sent: list[tuple[bytes, bytes, Kind]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any bytes survive, also empty ones and broken JSON."""
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "l.sqlite")
    chunk = ledger.enter(
        ledger.begin("t", "test"), [Event(k, v, kind, "", 0) for k, v, kind in sent]
    )
    ledger.close_chunk(chunk, [], [])
    assert list(ledger.entries("t")) == [
        Entry(k, v, kind, Outcome.ACKNOWLEDGED) for k, v, kind in sent
    ]
    ledger.close()


def test_runs_and_topics_are_kept_apart(ledger: Ledger) -> None:
    """A question about one topic or run is answered without the others."""
    first, second = ledger.begin("sales", "a"), ledger.begin("other", "b")
    ledger.enter(first, [event(1)])
    ledger.enter(second, [event(2), event(3)])
    assert ledger.totals("sales").sent == 1
    assert ledger.totals("other", run=second).sent == 2
    assert [r["source"] for r in ledger.runs()] == ["a", "b"]


def test_a_second_process_sees_what_the_first_wrote(ledger: Ledger) -> None:
    """Two connections to one file, as of a notebook and a terminal, agree."""
    chunk = ledger.enter(ledger.begin("sales", "test"), [event(1)])
    other = Ledger(ledger.path)
    assert other.totals("sales").unknown == 1
    other.close_chunk(chunk, [], [])
    assert ledger.totals("sales").acknowledged == 1


def test_discard_helps_even_if_the_file_is_broken(tmp_path: Path) -> None:
    """The remedy that the error names works: afterwards the next run is number 1."""
    settings = Settings(data=tmp_path)
    (tmp_path / "ledger.sqlite").write_text("this is not a database, " * 100)
    with pytest.raises(LabError):
        Ledger(settings=settings)
    Ledger.discard(settings)
    ledger = Ledger(settings=settings)
    assert ledger.totals("sales").sent == 0
    assert ledger.begin("sales", "again") == 1


def test_a_broken_file_is_told_with_a_way_out(tmp_path: Path) -> None:
    """A ledger that is no database names its path and the command that begins a new one."""
    path = tmp_path / "ledger.sqlite"
    path.write_text("this is not a database, " * 100)
    with pytest.raises(LabError, match="lab reset") as caught:
        Ledger(path)
    assert str(path) in str(caught.value)
