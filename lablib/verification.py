"""Proof that nothing was lost: the topic, the dead letters and the table against the ledger."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from itertools import chain

import orjson

from lablib.kafka import committed_offsets, lag, read_topic
from lablib.ledger import Entry, Ledger, Outcome
from lablib.pipeline import DEAD_LETTERS, SINK_GROUP, TOPIC
from lablib.postgres import connection
from lablib.quality import origin
from lablib.sale import FIELDS, Kind
from lablib.stack import Stack

EXAMPLES = 5


class Verdict(StrEnum):
    """The three outcomes of a comparison with the ledger."""

    EXACT = "exact"
    DIFFERENT = "different"
    NOT_YET = "not yet"


@dataclass
class Comparison:
    """One place compared with the ledger: how many events should be there, are, and which differ."""

    place: str
    expected: int = 0
    found: int = 0
    missing: int = 0
    doubled: int = 0
    different: int = 0
    unexpected: int = 0
    note: str = ""
    examples: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        """True if nothing is missing, doubled, different or unexpected."""
        return not (self.missing or self.doubled or self.different or self.unexpected)

    def example(self, text: str) -> None:
        """Keep the first few pieces of evidence."""
        if len(self.examples) < EXAMPLES:
            self.examples.append(text)


@dataclass(frozen=True)
class Verification:
    """The result of ``verify``. Truth value: everything is exact."""

    comparisons: tuple[Comparison, ...]
    waiting: int = 0
    """Records that the sink has not committed yet."""
    sending: bool = False
    """True if a producer was at work meanwhile."""

    @property
    def verdict(self) -> Verdict:
        """Tell the outcome; ``not yet`` while a producer sends or the sink has records to read."""
        if self.waiting or self.sending:
            return Verdict.NOT_YET
        exact = all(c.exact for c in self.comparisons)
        return Verdict.EXACT if exact else Verdict.DIFFERENT

    def __bool__(self) -> bool:
        return self.verdict is Verdict.EXACT


def verify(
    stack: Stack,
    *,
    within: float = 60.0,
    ledger: Ledger | None = None,
    watch: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Compare the topic ``sales``, its dead letters and ``sales_raw`` with the ledger.

    Waits first until the sink has read everything. A send of unknown outcome counts as sent if the
    topic has it: then table and dead letters must have it, too.

    Args:
        stack: whose pipeline.
        within: seconds to wait for the sink; after that the verdict is ``not yet``.
        ledger: default: the ledger of the stack's checkout.
        watch: is called with the number of records that the sink still has to read.
    """
    ledger = ledger or Ledger(settings=stack.settings)
    before = ledger.totals(TOPIC)
    waiting = wait_for_sink(stack, within, watch)
    in_topic = _records(stack, TOPIC)
    comparisons = (
        compare_topic(stack, ledger, in_topic),
        _compare_table(stack, _arrived(ledger, in_topic)),
        _compare_dlq(stack, ledger, in_topic),
    )
    return Verification(comparisons, waiting, sending=ledger.totals(TOPIC) != before)


def wait_for_sink(
    stack: Stack, within: float = 60.0, watch: Callable[[int], None] = lambda _: None
) -> int:
    """Return when the sink has read everything in the topic, or the records left after ``within``."""
    deadline, before = time.monotonic() + within, 0
    while (waiting := lag(stack, SINK_GROUP, TOPIC)) and time.monotonic() < deadline:
        if waiting == before and not _unread(stack):
            return 0
        before = waiting
        watch(waiting)
        time.sleep(0.2)
    return waiting


def _unread(stack: Stack) -> int:
    """Count what the sink has to read: it commits past a dead letter only with the next good sale."""
    refused = {origin(dict(m.headers() or ())) for m in read_topic(stack, DEAD_LETTERS)}
    records = read_topic(stack, TOPIC, committed_offsets(stack, SINK_GROUP, TOPIC))
    return sum((TOPIC, m.partition(), m.offset()) not in refused for m in records)


def _digest(key: bytes, value: bytes) -> int:
    content = len(key).to_bytes(4) + key + value
    return int.from_bytes(blake2b(content, digest_size=8).digest())


def _content(stack: Stack, topic: str) -> Iterator[tuple[bytes, bytes]]:
    for message in read_topic(stack, topic):
        key, value = message.key() or b"", message.value() or b""
        assert isinstance(key, bytes)
        assert isinstance(value, bytes)
        yield key, value


def _records(stack: Stack, topic: str) -> Counter[int]:
    """Count the records of a topic by their content, the key included: it decides on the order."""
    return Counter(_digest(key, value) for key, value in _content(stack, topic))


def _arrived(ledger: Ledger, in_topic: Counter[int]) -> Iterator[Entry]:
    """Yield what Kafka has for certain: acknowledged, or of unknown outcome but seen there."""
    for entry in ledger.entries(TOPIC):
        if entry.outcome is Outcome.ACKNOWLEDGED or (
            entry.outcome is Outcome.UNKNOWN and in_topic[_digest(entry.key, entry.value)]
        ):
            yield entry


def _compare_copies(
    comparison: Comparison, certain: Counter[int], possible: Counter[int], found: Counter[int]
) -> dict[int, str]:
    """Compare how often each record is there with how often it was sent; return what differs."""
    comparison.expected, comparison.found = certain.total(), found.total()
    wrong: dict[int, str] = {}
    for digest, number in certain.items():
        if found[digest] < number:
            comparison.missing += number - found[digest]
            wrong[digest] = "missing"
    for digest, number in found.items():
        most = certain[digest] + possible[digest]
        if not most:
            comparison.unexpected += number
            wrong[digest] = "unexpected"
        elif number > most:
            comparison.doubled += number - most
            wrong[digest] = "doubled"
    return wrong


def _show(
    stack: Stack, ledger: Ledger, comparison: Comparison, wrong: dict[int, str], topic: str
) -> None:
    """Keep examples of what differs: from the ledger, and from the topic itself."""
    if not wrong:
        return
    sent = ((entry.key, entry.value) for entry in ledger.entries(TOPIC))
    for key, value in chain(sent, _content(stack, topic)):
        if what := wrong.pop(_digest(key, value), None):
            comparison.example(f"{what}: {value[:160].decode(errors='replace')}")
            if not wrong or len(comparison.examples) == EXAMPLES:
                return


def compare_topic(stack: Stack, ledger: Ledger, in_topic: Counter[int] | None = None) -> Comparison:
    """Compare what is in the topic ``sales`` with what was sent."""
    in_topic = _records(stack, TOPIC) if in_topic is None else in_topic
    comparison = Comparison(f"topic {TOPIC}")
    certain, possible = Counter[int](), Counter[int]()
    for entry in ledger.entries(TOPIC):
        if entry.outcome is Outcome.ACKNOWLEDGED:
            certain[_digest(entry.key, entry.value)] += 1
        elif entry.outcome is Outcome.UNKNOWN:
            possible[_digest(entry.key, entry.value)] += 1
    wrong = _compare_copies(comparison, certain, possible, in_topic)
    _show(stack, ledger, comparison, wrong, TOPIC)
    if possible:
        comparison.note = f"{possible.total():,} sends of unknown outcome may be there or not"
    return comparison


def _compare_dlq(stack: Stack, ledger: Ledger, in_topic: Counter[int]) -> Comparison:
    """Dead letters are delivered at least once, so a second copy after a crash is only a note."""
    comparison = Comparison(f"topic {DEAD_LETTERS}")
    arrived = _arrived(ledger, in_topic)
    certain = Counter(_digest(e.key, e.value) for e in arrived if e.kind is Kind.INVALID)
    wrong = _compare_copies(comparison, certain, Counter(), _records(stack, DEAD_LETTERS))
    if comparison.doubled:
        comparison.note = (
            f"{comparison.doubled:,} arrived twice (at least once is the promise here)"
        )
        comparison.doubled = 0
        wrong = {d: what for d, what in wrong.items() if what != "doubled"}
    _show(stack, ledger, comparison, wrong, DEAD_LETTERS)
    return comparison


# The very fields of the event, as text.
ROWS = """
COPY (SELECT sale_id, store_id, store_seq, sku, quantity, unit_price,
             to_char(event_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             customer_id, promotion FROM sales_raw) TO STDOUT
"""


def _row(value: bytes) -> list[str | None]:
    """Return a sale's fields as the query above writes them: price with three decimals."""
    fields = orjson.loads(value)
    fields["unit_price"] = f"{fields['unit_price']:.3f}"
    return [None if fields[name] is None else str(fields[name]) for name in FIELDS]


def _compare_table(stack: Stack, arrived: Iterable[Entry]) -> Comparison:
    comparison = Comparison("table sales_raw")
    # An id may have been sent more than once; the last one wins, as in an upsert.
    rows = (_row(entry.value) for entry in arrived if entry.kind is not Kind.INVALID)
    sent = {row[0]: row[1:] for row in rows}
    comparison.expected = len(sent)
    missing = set(sent)
    with connection(stack) as session, session.cursor().copy(ROWS) as copy:
        for sale_id, *found in copy.rows():
            comparison.found += 1
            missing.discard(sale_id)
            expected = sent.get(sale_id)
            if expected is None:
                comparison.unexpected += 1
                comparison.example(f"unexpected: {sale_id}")
            elif expected != found:
                comparison.different += 1
                comparison.example(f"different: {sale_id}: sent {expected}, found {found}")
    comparison.missing = len(missing)
    for sale_id in sorted(filter(None, missing))[:EXAMPLES]:
        comparison.example(f"missing: {sale_id}")
    return comparison
