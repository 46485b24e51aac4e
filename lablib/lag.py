"""How far consumer groups lag behind: in records, and in seconds that the oldest of them has waited.

Seconds are told by when a partition's end was where: the exporter remembers that from its first
look on. Of a record that was there before it can only tell that it has waited since then.
"""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from collections.abc import Container, Iterator, Mapping

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from lablib.arrivals import GROUP, Admin

TIMEOUT = 5.0
SAMPLES = 600
# The kit's own readers, which come and go (lablib.kafka.consumer).
PASSING = re.compile(r"lab-[0-9a-f]{12}")

Partition = tuple[str, int]


class History:
    """When the end of one partition was where; older times are known less exactly."""

    def __init__(self) -> None:
        """Begin with no sample."""
        self._times: list[float] = []
        self._ends: list[int] = []

    def note(self, now: float, end: int) -> None:
        """Remember where the end is. One that moved back is that of another topic of this name."""
        if self._ends and end < self._ends[-1]:
            self._times, self._ends = [], []
        if self._ends[-2:] == [end, end]:
            self._times[-1] = now
            return
        self._times.append(now)
        self._ends.append(end)
        if len(self._times) > SAMPLES:
            half = SAMPLES // 2
            self._times[:half] = self._times[:half:2]
            self._ends[:half] = self._ends[:half:2]

    def came(self, offset: int) -> float | None:
        """Return when the record at this offset came; None if it has not come yet.

        One from before the first sample is as old as that at least.
        """
        after = bisect_right(self._ends, offset)
        if after == len(self._ends):
            return None
        if after == 0:
            return self._times[0]
        (t0, t1), (e0, e1) = self._times[after - 1 : after + 1], self._ends[after - 1 : after + 1]
        return t0 + (t1 - t0) * (offset + 1 - e0) / (e1 - e0)

    def __len__(self) -> int:
        return len(self._times)


class Lag:
    """Looks at the end of every topic and at what every group has committed.

    A group counts from its first commit on, and for the partitions that it has committed.
    What does not exist any more vanishes at the next look, and everything while Kafka is away.

    A transaction leaves a marker in the topic, which nobody ever gets to read, so a group could lag
    by one for ever; and a sink commits past a dead letter only with the next good record. What a
    group has left standing for two looks is therefore looked at: where there is no record but dead
    letters, there is no lag. A group on its way counts both as records.
    """

    name = "kafka"
    fades = True

    def __init__(self, bootstrap: str, refused: Container[tuple[str, int, int]] = ()) -> None:
        """Take the broker's address, and the places of dead letters; nothing is connected yet."""
        self._refused = refused
        self._admin = Admin(bootstrap)
        self._reader = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "log_level": 0,
                "group.id": GROUP,
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "fetch.message.max.bytes": 4096,
                "queued.max.messages.kbytes": 1024,
            }
        )
        self._history: dict[Partition, History] = {}
        # What stood still at the last look, and whether it is known to hold no record at all.
        self._standing: dict[tuple[str, Partition, int, int], bool] = {}
        self._metrics: list[Metric] = []

    def look(self) -> None:
        """Ask Kafka, and build the series."""
        with self._admin.asked() as admin:
            ends, now = self._end_offsets(admin), time.time()
            committed = self._committed(admin)
        self._history = {partition: self._history.get(partition, History()) for partition in ends}
        for partition, end in ends.items():
            self._history[partition].note(now, end)
        records = CounterMetricFamily(
            "kafka_topic_records", "Where a partition ends", labels=["topic", "partition"]
        )
        lag = GaugeMetricFamily(
            "kafka_consumergroup_lag",
            "Records that a group has not committed",
            labels=["group", "topic", "partition"],
        )
        seconds = GaugeMetricFamily(
            "kafka_consumergroup_lag_seconds",
            "How long the oldest of them has waited",
            labels=["group", "topic"],
        )
        for (topic, number), end in ends.items():
            records.add_metric([topic, str(number)], end)
        waited: dict[tuple[str, str], float] = {}
        for (group, partition), behind in self._lags(ends, committed).items():
            topic, number = partition
            lag.add_metric([group, topic, str(number)], behind)
            came = self._history[partition].came(ends[partition] - behind)
            longest = waited.get((group, topic), 0.0)
            waited[group, topic] = longest if came is None else max(longest, now - came)
        for names, longest in waited.items():
            seconds.add_metric(names, longest)
        self._metrics = [records, lag, seconds]

    def collect(self) -> Iterator[Metric]:
        """Return what the last look found."""
        return iter(self._metrics)

    @staticmethod
    def _end_offsets(admin: AdminClient) -> dict[Partition, int]:
        """Return where each partition ends for who reads only what is committed."""
        topics = admin.list_topics(timeout=TIMEOUT).topics
        wanted = {
            TopicPartition(name, partition): OffsetSpec.latest()  # type: ignore[no-untyped-call]
            for name, topic in topics.items()
            for partition in topic.partitions
            if not name.startswith("__")
        }
        if not wanted:
            return {}
        answers = admin.list_offsets(
            wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT
        )
        ends = {}
        for at, future in answers.items():
            try:
                ends[at.topic, at.partition] = future.result(TIMEOUT).offset
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
        return ends

    def _lags(
        self, ends: Mapping[Partition, int], committed: Mapping[str, Mapping[Partition, int]]
    ) -> dict[tuple[str, Partition], int]:
        """Return how far each group is behind, for each partition that it has committed."""
        lags: dict[tuple[str, Partition], int] = {}
        standing: dict[tuple[str, Partition, int, int], bool] = {}
        for group, places in committed.items():
            for partition, offset in places.items():
                if (end := ends.get(partition)) is None:
                    continue
                lags[group, partition] = max(0, end - offset)
                if offset >= end:
                    continue
                key = (group, partition, offset, end)
                # Once it holds none it never will; one that it holds may yet become a dead letter.
                empty = self._standing.get(key, False)
                if not empty and key in self._standing:
                    empty = not self._holds_record(partition, offset)
                standing[key] = empty
                if empty:
                    lags[group, partition] = 0
        self._standing = standing
        return lags

    @staticmethod
    def _committed(admin: AdminClient) -> dict[str, dict[Partition, int]]:
        answer = admin.list_consumer_groups(request_timeout=TIMEOUT).result(TIMEOUT)
        names = [group.group_id for group in answer.valid]
        futures = {
            name: admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(name)], request_timeout=TIMEOUT
            )[name]
            for name in names
            if name != GROUP and not PASSING.fullmatch(name)
        }
        committed = {}
        for name, future in futures.items():
            try:
                places = future.result(TIMEOUT).topic_partitions
            except KafkaException as error:
                if error.args[0].name() != "GROUP_ID_NOT_FOUND":  # it has just been deleted
                    raise
            else:
                committed[name] = {
                    (p.topic, p.partition): p.offset for p in places if p.offset >= 0
                }
        return committed

    def _holds_record(self, partition: Partition, offset: int) -> bool:
        """Tell whether there is a record to read from this offset on, or only markers and dead letters."""
        self._reader.assign([TopicPartition(*partition, offset)])
        try:
            while (message := self._reader.poll(TIMEOUT)) is not None:
                if (error := message.error()) is not None:
                    return error.code() != KafkaError._PARTITION_EOF
                if (*partition, message.offset()) not in self._refused:
                    return True
        finally:
            self._reader.unassign()
        return True
