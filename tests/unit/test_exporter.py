"""The exporter's own arithmetic: quality, reasons, lag in seconds, histograms, what vanishes when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

from lablib import arrivals, pipeline
from lablib.exporter import Exporter, conninfo
from lablib.lag import PASSING, SAMPLES, History
from lablib.latency import BUCKETS, Histogram
from lablib.quality import REASON, REASONS, Judge, Quality, reason
from lablib.sale import Defect, Kind, sale_json, spoil
from lablib.synthetic import SyntheticSales

DUPLICATE, INVALID, LATE, VALID = (
    Quality.DUPLICATE,
    Quality.INVALID,
    Quality.LATE,
    Quality.VALID,
)


def sale(number: int, second: float = 0.0) -> bytes:
    moment = f"2026-01-05T09:{int(second) // 60:02}:{second % 60:06.3f}Z"
    return sale_json(f"S01-1-{number}", "S01", number, "SKU-1", 1, 3.99, moment, None, None)


class TestJudge:
    """What an event is, from the events before it."""

    def test_each_quality(self) -> None:
        """A sale, the same again, something broken, one that comes more than a minute late."""
        judge = Judge()
        events = [sale(1), sale(1), b"{}", None, sale(2, 100), sale(3, 40), sale(4, 39.999)]
        assert [judge.judge(0, event) for event in events] == [
            VALID,
            DUPLICATE,
            INVALID,
            INVALID,
            VALID,
            VALID,
            LATE,
        ]

    def test_a_second_replay_of_the_same_days_is_not_late(self) -> None:
        """It begins hours before the first one ended: five events are taken for late, not all."""
        judge = Judge()
        seen = Counter(
            judge.judge(0, event.value)
            for seed in (1, 2)
            for event in islice(SyntheticSales(seed, events_per_day=50_000), 2000)
        )
        assert seen == {Quality.VALID: 3995, Quality.LATE: 5}

    def test_a_late_duplicate_is_a_duplicate(self) -> None:
        """Of two that apply the first in the order of Quality counts."""
        judge = Judge()
        assert [judge.judge(0, event) for event in (sale(1), sale(2, 120), sale(1))] == [
            VALID,
            VALID,
            DUPLICATE,
        ]
        assert list(Quality) == [INVALID, DUPLICATE, LATE, VALID]

    def test_partitions_have_their_own_time(self) -> None:
        """One partition may be ahead of another; what is late is late within its own."""
        judge = Judge()
        assert judge.judge(0, sale(1, 600)) is VALID
        assert judge.judge(1, sale(2, 0)) is VALID
        assert judge.judge(0, sale(3, 0)) is LATE

    def test_memory_is_bounded(self) -> None:
        """Of the last 100 sales each is known, of those before none."""
        judge = Judge(remembered=100)
        for number in range(1, 1001):
            assert judge.judge(0, sale(number)) is VALID
        assert judge.judge(0, sale(901)) is DUPLICATE
        assert judge.judge(0, sale(900)) is VALID
        assert len(judge._known) == len(judge._order) == 100

    @given(st.lists(st.integers(1, 40), max_size=200), st.integers(1, 30))
    def test_duplicates_are_those_of_the_last_so_many(
        self, numbers: list[int], remembered: int
    ) -> None:
        """Against the slow way: a list of the sales that were no duplicates."""
        judge, first = Judge(remembered), list[int]()
        for number in numbers:
            expected = DUPLICATE if number in first[-remembered:] else VALID
            assert judge.judge(0, sale(number)) is expected
            first += [number] if expected is VALID else []

    def test_it_agrees_with_the_source(self) -> None:
        """The kinds that the synthetic chain gives its events, told from the events alone."""
        judge = Judge()
        qualities = {
            Kind.SALE: VALID,
            Kind.DUPLICATE: DUPLICATE,
            Kind.LATE: LATE,
            Kind.INVALID: INVALID,
        }
        source = SyntheticSales(seed=3, duplicates=0.1, late=0.1, invalid=0.1)
        events = list(islice(source, 20_000))
        assert {e.kind for e in events} == set(Kind)
        # As in the topic: each store's sales are in one partition.
        wrong = [e for e in events if judge.judge(int(e.key[1:]) % 3, e.value) != qualities[e.kind]]
        assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'value.quantity: expected a whole number from -1 to 1, got "three"', "quantity"),
        (b"value.sale_id: expected a value, got nothing", "sale_id"),
        (b'value.event_time: expected a time such as 2026, got "value.sku"', "event_time"),
        ("value.unit_price: expected a number, got null", "unit_price"),
        (b"not JSON: Unexpected end-of-input", "json"),
        (b"value.colour: expected text, got 1", "other"),
        (b"value: expected an object, got 3", "other"),
        (b"Error processing record \xff", "other"),
        (b"", "other"),
        (None, "other"),
    ],
)
def test_reasons(text: bytes | str | None, expected: str) -> None:
    """What Connect wrote into a dead letter's header becomes one of a few words."""
    assert reason({REASON: text, "other": b"value.sku"}) == expected
    assert expected in REASONS


def test_a_dead_letter_without_headers() -> None:
    """Somebody else may have written it."""
    assert reason({}) == "other"


def test_the_topics_are_those_of_the_pipeline() -> None:
    """They are named twice: the exporter's image does not have all of the kit."""
    assert (arrivals.TOPIC, arrivals.DEAD_LETTERS) == (pipeline.TOPIC, pipeline.DEAD_LETTERS)


class TestHistory:
    """When a record came, from samples of where the end was."""

    def test_between_two_samples(self) -> None:
        """Ten records in ten seconds: one a second."""
        history = History()
        history.note(100.0, 0)
        history.note(110.0, 10)
        assert [history.came(offset) for offset in (0, 4, 9)] == [101.0, 105.0, 110.0]

    def test_what_has_not_come_has_no_time(self) -> None:
        """At the end there is nothing that waits."""
        history = History()
        assert history.came(0) is None
        history.note(100.0, 5)
        assert history.came(5) is None

    def test_from_before_the_first_sample(self) -> None:
        """It has waited since then at least."""
        history = History()
        history.note(100.0, 5)
        history.note(101.0, 6)
        assert history.came(2) == 100.0

    def test_an_idle_time_is_not_smeared(self) -> None:
        """A record that came after an hour of nothing came in the last second of it."""
        history = History()
        for second in range(3600):
            history.note(float(second), 7)
        history.note(3600.0, 8)
        assert history.came(7) == 3600.0
        assert len(history) == 3

    def test_a_topic_made_anew_begins_anew(self) -> None:
        """An end that moved back belongs to another topic of this name."""
        history = History()
        history.note(0.0, 0)
        history.note(50.0, 100)
        history.note(60.0, 0)
        history.note(70.0, 10)
        assert history.came(4) == 65.0

    def test_a_day_at_full_speed_fits(self) -> None:
        """The older a sample is, the fewer are left around it; no answer is off by much."""
        history = History()
        for second in range(86_400):
            history.note(float(second), second * 1000)
        assert len(history) <= SAMPLES
        for ago in (1, 60, 3600, 40_000):
            came = history.came((86_399 - ago) * 1000)
            assert came is not None
            assert 86_399 - came == pytest.approx(ago, abs=1)

    @given(
        st.lists(st.tuples(st.floats(0.1, 10), st.integers(0, 50)), min_size=1, max_size=60),
        st.integers(0, 3000),
    )
    def test_it_never_contradicts_a_sample(
        self, steps: list[tuple[float, int]], offset: int
    ) -> None:
        """A record came after each sample that did not have it, and by the first one that did."""
        history, now, end, samples = History(), 0.0, 0, []
        for seconds, records in steps:
            now, end = now + seconds, end + records
            history.note(now, end)
            samples.append((now, end))
        came = history.came(offset)
        without = [t for t, e in samples if e <= offset]
        having = [t for t, e in samples if e > offset]
        if not having:
            assert came is None
            return
        assert came is not None
        assert came <= having[0] * (1 + 1e-9)
        assert not without or came >= without[-1]


def test_passing_groups() -> None:
    """The groups of `lab` itself come and go; a learner's own lab-something stays."""
    assert PASSING.fullmatch("lab-0123456789ab")
    assert not PASSING.fullmatch("lab-0123456789abc")
    assert not PASSING.fullmatch("lab-orders")


def series(histogram: Histogram) -> dict[str, float]:
    family = HistogramMetricFamily("h", "", labels=["since"])
    histogram.add_to(family, "sent")
    return {s.labels.get("le", s.name.removeprefix("h_")): s.value for s in family.samples}


def test_a_histogram_adds_up() -> None:
    """Each bucket counts what the smaller ones hold, too; +Inf and the count are all."""
    histogram = Histogram()
    histogram.add(len(BUCKETS), 3, 0.06)  # within every border
    histogram.add(1, 2, 400.0)  # only within 300
    histogram.add(0, 1, 1000.0)
    seen = series(histogram)
    assert (seen["0.05"], seen["60.0"], seen["300.0"], seen["+Inf"]) == (3, 3, 5, 6)
    assert (seen["count"], seen["sum"]) == (6, 1400.06)
    assert list(seen)[:11] == [str(border) for border in BUCKETS]


class Fake:
    """A source that can be told to fail."""

    def __init__(self, name: str, *, fades: bool) -> None:
        self.name, self.fades, self.looks, self.error = name, fades, 0, False

    def look(self) -> None:
        self.looks += 1
        if self.error:
            raise OSError("gone")

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(self.name, "", self.looks)


def test_a_gauge_vanishes_and_a_counter_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While looks fail, what tells a state is there no more after a while, and the log has one line."""
    state, count = Fake("state", fades=True), Fake("count", fades=False)
    exporter = Exporter([state, count], tmp_path)
    disk = {"disk_free_bytes", "disk_size_bytes"}

    def names() -> set[str]:
        return {family.name for family in exporter.collect()} - disk

    assert names() == {"count"}
    exporter.look_at(state)
    exporter.look_at(count)
    assert names() == {"state", "count"}
    state.error = count.error = True
    for _ in range(10):
        exporter.look_at(state)
        exporter.look_at(count)
    assert names() == {"state", "count"}  # one look that fails is no gap
    monkeypatch.setattr("lablib.exporter.FADED_AFTER", 0.0)
    assert names() == {"count"}
    assert [record.message for record in caplog.records] == ["state: gone", "count: gone"]
    monkeypatch.setattr("lablib.exporter.FADED_AFTER", 10.0)
    state.error = False
    exporter.look_at(state)
    assert names() == {"state", "count"}


def test_a_disk_that_is_not_there_has_no_size(tmp_path: Path) -> None:
    """None is better than a wrong one."""
    assert list(Exporter([], tmp_path / "nothing").collect()) == []


def test_how_postgres_is_reached(tmp_path: Path) -> None:
    """By the names of `lab env`, or by those of a container with a file for the password."""
    assert conninfo({"POSTGRES_DSN": "postgresql://lab:x@h/lab"}) == "postgresql://lab:x@h/lab"
    (tmp_path / "password").write_text("s e'cret\n")
    parts = {"HOST": "postgres", "PORT": "5432", "USER": "lab", "DB": "lab"}
    env = {f"POSTGRES_{name}": value for name, value in parts.items()}
    env["POSTGRES_PASSWORD_FILE"] = str(tmp_path / "password")
    assert "password='s e\\'cret'" in conninfo(env)
    assert "host=postgres" in conninfo(env)


@pytest.mark.parametrize("defect", list(Defect))
def test_every_defect_is_invalid(defect: Defect) -> None:
    """Whatever breaks sales in this kit is seen here, too."""
    assert Judge().judge(0, spoil(sale(1), defect)) is INVALID
    assert orjson.loads(sale(1))["store_seq"] == 1
