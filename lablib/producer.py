"""Sends events to Kafka at a chosen pace, loses none silently, and keeps the ledger."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import confluent_kafka as ck

from lablib.errors import DeliveryFailed, LabError
from lablib.ledger import Ledger
from lablib.pace import DEFAULT_CAP, EventTime, Pace, Rate
from lablib.pushed import Figures, pushed
from lablib.sale import Event
from lablib.stack import Stack

log = logging.getLogger(__name__)

CHUNK = 1000
IN_FLIGHT = 50_000
# Shorter than a person notices; long enough that a chunk is worth the work at high rates.
TICK = 0.002
GIVE_UP_AFTER = 10.0
# The broker never saw these, or said no. After anything else the event may have been stored.
DEFINITE = {
    ck.KafkaError.MSG_SIZE_TOO_LARGE,
    ck.KafkaError._UNKNOWN_TOPIC,
    ck.KafkaError.UNKNOWN_TOPIC_OR_PART,
    ck.KafkaError.TOPIC_AUTHORIZATION_FAILED,
    ck.KafkaError._UNKNOWN_PARTITION,
    ck.KafkaError.INVALID_RECORD,
    ck.KafkaError._INVALID_ARG,
}

# acks=all and idempotence: an acknowledged event is in the log of every replica in sync, once, and
# in order. The rest is for speed: a short wait fills larger batches.
RELIABLE = {
    "acks": "all",
    "enable.idempotence": True,
    "linger.ms": 5,
    "compression.type": "lz4",
    "message.timeout.ms": 120_000,
    "reconnect.backoff.max.ms": 500,
}


@dataclass
class Report:
    """What one run of a producer did; it can be read while the run goes on. Times in seconds."""

    run: int
    sent: int = 0
    acknowledged: int = 0
    failed: int = 0
    unknown: int = 0
    behind_schedule: int = 0
    seconds: float = 0.0
    errors: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Acknowledged events per second over the whole run."""
        return self.acknowledged / self.seconds if self.seconds else 0.0

    @property
    def waiting(self) -> int:
        """Events handed to Kafka that it has not answered for yet."""
        return self.sent - self.acknowledged - self.failed - self.unknown

    def __str__(self) -> str:
        text = f"{self.acknowledged:,} of {self.sent:,} events acknowledged"
        text += f" in {self.seconds:.1f} s ({self.rate:,.0f}/s)"
        for name in ("failed", "unknown", "waiting", "behind_schedule"):
            if count := getattr(self, name):
                text += f", {count:,} {name.replace('_', ' ')}"
        return text + "".join(f"; {n:,} x {error}" for error, n in self.errors.items())


class Producer:
    """Sends the events of a source to a topic.

    >>> producer = Producer(Stack())
    >>> print(producer.send(SyntheticSales(seed=1), count=1000, rate=200))

    ``rate``, ``pause()``, ``resume()`` and ``stop()`` act on a run that is going on, from any thread.
    """

    def __init__(
        self,
        stack: Stack,
        topic: str = "sales",
        *,
        cap: float = DEFAULT_CAP,
        config: dict[str, Any] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        """Prepare a producer; nothing is sent and nothing is connected yet.

        Args:
            stack: where to send to.
            topic: must exist.
            cap: events per second that no rate can exceed.
            config: librdkafka settings that replace those of ``RELIABLE``.
            ledger: default: the ledger of the stack's checkout.
        """
        self.topic = topic
        env = stack.env
        self._gateway = env.get("PUSHGATEWAY_URL")
        self._config = {
            "bootstrap.servers": env["KAFKA_BOOTSTRAP_SERVERS"],
            "queue.buffering.max.messages": 2 * IN_FLIGHT,
            "log_level": 2,  # that a broker is away shows in the report; librdkafka says it every time
            "logger": log,
            **RELIABLE,
            **(config or {}),
        }
        self._ledger = ledger or Ledger(settings=stack.settings)
        self._cap = cap
        self._pace = Rate(0, cap, time.monotonic)
        self._running = threading.Event()
        self._running.set()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self.report = Report(0)

    # -- control -----------------------------------------------------------------------------

    @property
    def rate(self) -> float:
        """Events per second; 0 means as fast as the cap allows. Takes effect within 50 ms."""
        return self._pace.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self._pace.rate = rate

    def pause(self) -> None:
        """Send nothing until ``resume``; what Kafka already has in hand is still delivered."""
        self._running.clear()

    def resume(self) -> None:
        """Go on after ``pause``, at the same rate, without catching up."""
        self._running.set()

    def stop(self) -> None:
        """End the run that is going on, in order: everything sent is waited for."""
        self._stop.set()
        self._running.set()

    @property
    def paused(self) -> bool:
        """True between ``pause`` and ``resume``."""
        return not self._running.is_set()

    # -- sending -----------------------------------------------------------------------------

    def start(self, events: Iterable[Event], **options: Any) -> None:
        """Do what ``send`` does in a thread, and return at once. ``wait`` collects the report."""
        if self._thread is not None and self._thread.is_alive():
            raise LabError("This producer is already sending.", str(self.report), "stop() it first")

        def run() -> None:
            try:
                self._send(events, **options)
            except BaseException as error:
                log.warning("the producer ended: %s", str(error).replace("\n", " "))
                self._failure = error

        self._stop.clear()
        self._failure = None
        self._thread = threading.Thread(target=run, name="producer", daemon=True)
        self._thread.start()

    def wait(self, timeout: float | None = None) -> Report:
        """Return the report of the run begun by ``start`` when it is over, and raise its error.

        Raises:
            LabError: it still goes on after ``timeout`` seconds.
        """
        if self._thread is not None:
            self._thread.join(timeout)
            if self._thread.is_alive():
                raise LabError(
                    f"The producer is still sending after {timeout} s.", str(self.report), "stop()"
                )
        if self._failure is not None:
            raise self._failure
        return self.report

    def send(
        self,
        events: Iterable[Event],
        *,
        count: int | None = None,
        rate: float | None = None,
        speedup: float | None = None,
        watch: Callable[[Report], None] = lambda _: None,
    ) -> Report:
        """Send events and return when Kafka has answered for each of them.

        Args:
            events: a source; an endless one needs ``count`` or ``stop()``.
            count: at most so many events.
            rate: events per second; 0 is as fast as the cap allows; default: as set before.
            speedup: instead of a rate: event time passes so many times faster than real time.
            watch: is called about ten times a second with the report so far.

        Raises:
            DeliveryFailed: Kafka did not take some events; ``report`` and the ledger tell which.
            LabError: the topic does not exist, or an argument makes no sense.
        """
        self._stop.clear()
        return self._send(events, count=count, rate=rate, speedup=speedup, watch=watch)

    def _send(
        self,
        events: Iterable[Event],
        *,
        count: int | None = None,
        rate: float | None = None,
        speedup: float | None = None,
        watch: Callable[[Report], None] = lambda _: None,
    ) -> Report:
        if count is not None and (isinstance(count, bool) or count < 0):
            raise LabError("A count is a number of events, 0 or more.", repr(count))
        if rate is not None and speedup is not None:
            raise LabError("Give a rate or a speed-up, not both.", f"{rate=}, {speedup=}")
        if rate is not None:
            self.rate = rate
        pace = EventTime(speedup, self._cap, time.monotonic) if speedup is not None else self._pace
        client = ck.Producer(self._config)
        self._require_topic(client)
        self.report = Report(self._ledger.begin(self.topic, str(events)[:200]))
        with pushed(self._gateway, self.topic, lambda: self._figures(pace)):
            self._complete(client, islice(events, count), pace, watch)
        if self.report.failed or self.report.unknown:
            raise DeliveryFailed(
                "Kafka did not acknowledge every event.", str(self.report), "lab status, lab verify"
            )
        return self.report

    def _figures(self, pace: Pace) -> Figures:
        names = ("sent", "acknowledged", "failed", "unknown")
        # Without a rate of its own a run is as fast as it can be, or as its events' times say.
        rate = pace.rate or None if isinstance(pace, Rate) else None
        return Figures({n: getattr(self.report, n) for n in names}, 0.0 if self.paused else rate)

    def _require_topic(self, client: ck.Producer) -> None:
        try:
            topic = client.list_topics(self.topic, timeout=10).topics[self.topic]
        except ck.KafkaException as error:
            raise LabError(
                f"Kafka does not answer on {self._config['bootstrap.servers']}.",
                str(error.args[0].str()),
                "lab status, then lab up",
            ) from error
        if topic.error is not None:
            raise LabError(
                f"There is no topic {self.topic!r}.",
                str(topic.error),
                "lab up makes the lab's topics",
            )

    def _complete(
        self,
        client: ck.Producer,
        events: Iterator[Event],
        pace: Pace,
        watch: Callable[[Report], None],
    ) -> None:
        """Send everything, and settle the report, however it ends."""
        began = time.monotonic()
        patience = math.inf
        try:
            self._run(client, events, pace, watch)
        except BaseException:
            patience = GIVE_UP_AFTER
            raise
        finally:
            self._drain(client, patience)
            self.report.unknown += self.report.waiting
            self.report.behind_schedule = pace.late
            self.report.seconds = time.monotonic() - began
            watch(self.report)

    def _run(
        self,
        client: ck.Producer,
        events: Iterator[Event],
        pace: Pace,
        watch: Callable[[Report], None],
    ) -> None:
        pace.restart()
        pace.late = 0
        began, watched = time.monotonic(), 0.0
        while not self._stop.is_set() and (chunk := pace.take(events, CHUNK)) is not None:
            if chunk:
                self._send_chunk(client, chunk)
            client.poll(0)
            now = time.monotonic()
            if now - watched > 0.1:
                watched, self.report.seconds = now, now - began
                self.report.behind_schedule = pace.late
                watch(self.report)
            if self.paused:
                while not self._running.wait(0.05):
                    client.poll(0)
                pace.restart()
            elif (wait := pace.wait()) > 0:
                # Not longer than 50 ms: a changed rate, a pause or a stop shall be noticed soon.
                client.poll(min(max(wait, TICK), 0.05))

    def _send_chunk(self, client: ck.Producer, events: list[Event]) -> None:
        """Enter a chunk in the ledger and hand it to Kafka; a full buffer means waiting."""
        while len(client) > IN_FLIGHT:
            client.poll(0.01)
        number = self._ledger.enter(self.report.run, events)
        answers = _Answers(self._ledger, number, events, self.report)
        self.report.sent += len(events)
        batch: list[dict[str, Any]] = [{"key": e.key, "value": e.value} for e in events]
        positions: Sequence[int] = range(len(batch))
        while batch:
            taken = client.produce_batch(self.topic, batch, on_delivery=answers)
            if taken == len(batch):
                break
            refused = {
                i: m.pop("_error") for i, m in zip(positions, batch, strict=True) if "_error" in m
            }
            full = [i for i, error in refused.items() if error.code() == ck.KafkaError._QUEUE_FULL]
            answers.refused({i: error for i, error in refused.items() if i not in full})
            batch = [{"key": events[i].key, "value": events[i].value} for i in full]
            positions = full
            client.poll(0.1)

    def _drain(self, client: ck.Producer, patience: float) -> None:
        deadline = time.monotonic() + patience
        while len(client) and time.monotonic() < deadline:
            client.poll(0.1)


class _Answers:
    """Collects Kafka's answers for one chunk and closes it in the ledger after the last one."""

    def __init__(self, ledger: Ledger, chunk: int, events: list[Event], report: Report) -> None:
        self._ledger, self._chunk, self._events, self._report = ledger, chunk, events, report
        self._missing = len(events)
        self._failed: set[int] = set()
        self._unknown: set[int] = set()

    def __call__(self, error: ck.KafkaError | None, message: ck.Message) -> None:
        self._missing -= 1
        if error is not None:
            self._note(self._find(message), error)
        if not self._missing:
            self._close()

    def _find(self, message: ck.Message) -> int:
        """Tell which event an unlucky message was; equal ones are told apart only by number."""
        noted = self._failed | self._unknown
        wanted = (message.key(), message.value())
        return next(
            i for i, e in enumerate(self._events) if i not in noted and (e.key, e.value) == wanted
        )

    def refused(self, errors: dict[int, ck.KafkaError]) -> None:
        """Note messages that never came into the producer's buffer."""
        for position, error in errors.items():
            self._missing -= 1
            self._note(position, error)
        if not self._missing:
            self._close()

    def _note(self, position: int, error: ck.KafkaError) -> None:
        definite = error.code() in DEFINITE
        (self._failed if definite else self._unknown).add(position)
        text = error.str()
        self._report.errors[text] = self._report.errors.get(text, 0) + 1

    def _close(self) -> None:
        self._report.failed += len(self._failed)
        self._report.unknown += len(self._unknown)
        self._report.acknowledged += len(self._events) - len(self._failed) - len(self._unknown)
        self._ledger.close_chunk(self._chunk, sorted(self._failed), sorted(self._unknown))
