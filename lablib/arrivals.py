"""Events and dead letters as they arrive: each is judged and counted once.

The topics are read from places that this module chooses itself, not as a member of a consumer
group: after a kill nobody waits for the dead member's session to end, and a topic that is deleted
and made anew is known by its id and read from its first record.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily

from lablib.quality import REASONS, REMEMBERED, Judge, Quality, origin, reason

# As in lablib.pipeline, which is more than the exporter's image has.
TOPIC, DEAD_LETTERS = "sales", "sales.dlq"
GROUP = "exporter"
# For so long one look reads.
READ_FOR = 1.0
BATCH = 5000
REFUSED = 10_000
TIMEOUT = 5.0


class Identity(NamedTuple):
    """Which topic of its name it is: one that is deleted and made anew has another id."""

    id: str
    partitions: int


class Place(NamedTuple):
    """A partition of one very topic."""

    topic: str
    id: str
    partition: int


class Admin:
    """A client for topics and groups that can be renewed.

    After a freeze or a restart of the broker a client may wait for the old one's answer for ever.
    """

    def __init__(self, bootstrap: str) -> None:
        """Take the broker's address; nothing is connected yet."""
        self._bootstrap = bootstrap
        # One that is destroyed while it waits for an answer can take the process with it.
        self._retired: deque[AdminClient] = deque(maxlen=4)
        self._client = self._new()

    @contextmanager
    def asked(self) -> Iterator[AdminClient]:
        """Give the client; if a question fails, the next one goes to a new client."""
        try:
            yield self._client
        except Exception:
            self._retired.append(self._client)
            self._client = self._new()
            raise

    def _new(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self._bootstrap, "log_level": 0})


class Arrivals:
    """Reads both topics and counts, from the moment it is first started on.

    A scrape's figures and the offsets that belong to them are taken together, and those offsets are
    committed at the next look. So after a kill what no scrape has shown is counted by the next
    run, and at most one look's events are counted twice: at least once. What was judged before is
    read again without being counted, so that the next run knows its duplicates, latecomers and dead letters.

    While Kafka is away the counters stand still.
    """

    name = "topic"
    fades = False

    def __init__(self, bootstrap: str) -> None:
        """Take the broker's address; nothing is connected yet."""
        self._bootstrap = bootstrap
        self._admin = Admin(bootstrap)
        self._client: Consumer | None = None
        self._topics: dict[str, Identity] | None = None
        self.refused: dict[tuple[str, int, int], None] = {}
        """The places that the latest dead letters had, the oldest first."""
        self._judge = Judge()
        self._next: dict[Place, int] = {}
        self._shown: dict[Place, int] = {}
        self._committed: dict[Place, int] = {}
        self._began = False
        self._lock = threading.Lock()
        self._qualities = Counter[str]()
        self._reasons = Counter[str]()

    def look(self) -> None:
        """Read for a second, and begin anew if a topic is not the one that it was."""
        with self._admin.asked() as admin:
            topics = self._find(admin)
        if topics != self._topics:
            self._begin(topics)
        assert self._client is not None
        self._commit(self._client)
        deadline = time.monotonic() + READ_FOR
        while time.monotonic() < deadline and self._topics is not None:
            # consume() waits until it has that many, so this is also how long a batch fills.
            self._count(self._client.consume(BATCH, timeout=0.1))

    def collect(self) -> Iterator[Metric]:
        """Return both counters, with a 0 for what has not happened yet."""
        events = CounterMetricFamily(
            "sales_events", "Events of the topic, each once, by quality", labels=["quality"]
        )
        letters = CounterMetricFamily(
            "sales_dead_letters", "Dead letters by what was wrong", labels=["reason"]
        )
        with self._lock:
            self._shown = dict(self._next)
            for quality in Quality:
                events.add_metric([quality], self._qualities[quality])
            for why in REASONS:
                letters.add_metric([why], self._reasons[why])
        return iter((events, letters))

    def _find(self, admin: AdminClient) -> dict[str, Identity]:
        """Return which of the topics exist, and which these are."""
        found = {}
        wanted = TopicCollection([TOPIC, DEAD_LETTERS])
        for name, future in admin.describe_topics(wanted, request_timeout=TIMEOUT).items():
            try:
                topic = future.result(TIMEOUT)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
            else:
                found[name] = Identity(str(topic.topic_id), len(topic.partitions))
        return found

    def _begin(self, topics: dict[str, Identity]) -> None:
        """Go on where each partition was left, with a new client: the old one knows old topics."""
        self._topics = None
        if self._client is not None:
            self._client.close()
        self._client = client = Consumer(
            {
                "bootstrap.servers": self._bootstrap,
                "log_level": 0,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "reconnect.backoff.max.ms": 1000,
                "socket.timeout.ms": 10_000,
                "queued.min.messages": 10_000,
                "queued.max.messages.kbytes": 8192,
                "on_commit": self._answered,
            }
        )
        places = [Place(name, t.id, p) for name, t in topics.items() for p in range(t.partitions)]
        wanted = [TopicPartition(place.topic, place.partition) for place in places]
        committed = client.committed(wanted, timeout=TIMEOUT) if wanted else []
        known = {(place.topic, place.id) for place in self._next}
        begin, assigned = {}, []
        for place, left in zip(places, committed, strict=True):
            at = TopicPartition(place.topic, place.partition)
            low, high = client.get_watermark_offsets(at, timeout=TIMEOUT)
            begin[place] = at.offset = min(max(self._position(place, left, high), low), high)
            if place[:2] not in known:
                at.offset = max(low, at.offset - REMEMBERED // topics[place.topic].partitions)
            assigned.append(at)
        client.assign(assigned)
        with self._lock:
            if not any((name, t.id) in known for name, t in topics.items() if name == TOPIC):
                self._judge = Judge()
            self._next = begin
        self._topics, self._began, self._committed = topics, True, {}

    def _position(self, place: Place, left: TopicPartition, high: int) -> int:
        """Tell where to go on: as known, as committed, or (at the very first start) at the end."""
        if place in self._next:
            return self._next[place]
        if left.offset < 0 and not self._began:
            return high
        # What was committed in another topic of this name is void.
        return left.offset if left.metadata == place.id else 0

    def _count(self, messages: Sequence[Message]) -> None:
        topics = self._topics or {}
        with self._lock:
            for message in messages:
                if (error := message.error()) is not None:
                    if error.code() == KafkaError._AUTO_OFFSET_RESET:
                        self._topics = None  # records were removed: find out which are left
                    continue  # anything else passes: Kafka's client tries again
                topic, partition, offset = message.topic(), message.partition(), message.offset()
                assert topic is not None
                assert partition is not None
                assert offset is not None
                place = Place(topic, topics[topic].id, partition)
                fresh = offset >= self._next[place]
                if topic == TOPIC:
                    self._qualities[self._judge.judge(partition, message.value())] += fresh
                else:
                    headers = dict(message.headers() or ())
                    self._reasons[reason(headers)] += fresh
                    if place_before := origin(headers):
                        self.refused[place_before] = None
                    if len(self.refused) > REFUSED:
                        self.refused.pop(next(iter(self.refused)))
                if fresh:
                    self._next[place] = offset + 1

    def _commit(self, client: Consumer) -> None:
        """Commit what a scrape has shown."""
        with self._lock:
            shown = {place: at for place, at in self._shown.items() if place in self._next}
        if shown and shown != self._committed:
            # Not waited for: after a freeze of the broker that may take a minute, without counting.
            offsets = [TopicPartition(p.topic, p.partition, at, p.id) for p, at in shown.items()]
            client.commit(offsets=offsets, asynchronous=True)
            self._committed = shown

    def _answered(self, error: KafkaError | None, _: Sequence[TopicPartition]) -> None:
        """Take what became of a commit. A client that cannot commit makes place for a new one."""
        if error is not None:
            self._topics = None
