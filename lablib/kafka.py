"""Kafka from the outside: topics, offsets, lag, and reading a topic to its end."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka import (
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from lablib.errors import LabError
from lablib.stack import Stack

TIMEOUT = 15.0


def admin(stack: Stack) -> AdminClient:
    """Return a client for topics, groups and configuration."""
    return AdminClient({"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"], "log_level": 0})


def create_topics(stack: Stack, file: str = "kafka/topics.json") -> None:
    """Make the topics of a file below ``stack`` that do not exist yet."""
    wanted = json.loads((stack.settings.stack_files / file).read_text())
    for name, options in wanted.items():
        create_topic(stack, name, options["partitions"], options["config"])


def create_topic(
    stack: Stack, name: str, partitions: int, config: dict[str, str] | None = None
) -> bool:
    """Make a topic unless it exists. Returns True if it was made.

    Raises:
        LabError: Kafka refused, for example because of a bad name or configuration.
    """
    topic = NewTopic(name, partitions, 1, config=config or {})
    client = admin(stack)  # must outlive the answer
    future = client.create_topics([topic], operation_timeout=TIMEOUT)[name]
    try:
        future.result(TIMEOUT)
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise _explain(error, f"Topic {name!r} could not be made.") from error
    return True


def delete_topics(stack: Stack, *names: str) -> None:
    """Delete topics; those that do not exist are passed over. Returns when they are gone."""
    client = admin(stack)
    existing = [name for name in names if name in client.list_topics(timeout=TIMEOUT).topics]
    if not existing:
        return
    for name, future in client.delete_topics(existing, operation_timeout=TIMEOUT).items():
        try:
            future.result(TIMEOUT)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise _explain(error, f"Topic {name!r} could not be deleted.") from error


def delete_group(stack: Stack, group: str, within: float = 60.0) -> None:
    """Delete a consumer group with its offsets; one that does not exist is passed over.

    Members that are about to leave get ``within`` seconds for it.

    Raises:
        LabError: the group still has members then.
    """
    client, deadline = admin(stack), time.monotonic() + within
    while True:
        try:
            client.delete_consumer_groups([group])[group].result(TIMEOUT)
        except KafkaException as error:
            if error.args[0].name() == "GROUP_ID_NOT_FOUND":
                return
            if time.monotonic() > deadline:
                raise _explain(
                    error, f"The consumer group {group!r} could not be deleted."
                ) from error
            time.sleep(0.2)
        else:
            return


def end_offsets(stack: Stack, topic: str, *, undecided: bool = False) -> dict[int, int]:
    """Return ``partition -> offset behind the last record``; an unknown topic has no partitions.

    Records of a transaction that is still open, and all behind them, count only if ``undecided``.
    """
    level = "read_uncommitted" if undecided else "read_committed"
    with consumer(stack, **{"isolation.level": level}) as client:
        found = client.list_topics(topic, timeout=TIMEOUT).topics.get(topic)
        if found is None or found.error is not None:
            return {}
        watermarks = {
            p: client.get_watermark_offsets(TopicPartition(topic, p), timeout=TIMEOUT)
            for p in found.partitions
        }
    return {p: marks[1] for p, marks in sorted(watermarks.items())}


def committed_offsets(stack: Stack, group: str, topic: str) -> dict[int, int]:
    """Return ``partition -> committed offset`` of a consumer group (0 where it has none)."""
    partitions = [TopicPartition(topic, p) for p in end_offsets(stack, topic)]
    request = ConsumerGroupTopicPartitions(group, partitions)
    client = admin(stack)
    future = client.list_consumer_group_offsets([request])[group]
    try:
        answer = future.result(TIMEOUT)
    except KafkaException as error:
        raise _explain(error, f"The offsets of group {group!r} could not be read.") from error
    return {p.partition: max(0, p.offset) for p in answer.topic_partitions}


def lag(stack: Stack, group: str, topic: str) -> int:
    """Return how many records of a topic a consumer group has not committed yet."""
    committed = committed_offsets(stack, group, topic)
    return sum(max(0, end - committed.get(p, 0)) for p, end in end_offsets(stack, topic).items())


def waiting(stack: Stack, group: str, topic: str) -> bool:
    """Return whether a topic has records that a consumer group has not read, or may yet get to read.

    Unlike ``lag``, this passes over what transactions leave behind each of their records: a marker.
    A transaction that is still open (its producer was killed, say) may become such records.
    """
    written = end_offsets(stack, topic, undecided=True)
    decided = end_offsets(stack, topic)
    if any(decided.get(p, 0) < end for p, end in written.items()):
        return True
    return lag(stack, group, topic) > 0 and any(
        read_topic(stack, topic, committed_offsets(stack, group, topic))
    )


def read_topic(
    stack: Stack, topic: str, begin: Mapping[int, int] | None = None
) -> Iterator[Message]:
    """Yield every record that is in a topic now, partition by partition mixed, then end.

    Args:
        stack: whose topic.
        topic: its name.
        begin: ``partition -> offset`` to begin at; without it, all is read.

    Raises:
        LabError: the topic does not exist, or Kafka stopped answering.
    """
    offsets = end_offsets(stack, topic)
    if not offsets:
        raise LabError(f"There is no topic {topic!r}.", next="lab up makes the lab's topics")
    positions = {p: (begin or {}).get(p, 0) for p in offsets}
    ends = {p: end for p, end in offsets.items() if end > positions[p]}
    with consumer(stack) as client:
        patience = time.monotonic() + TIMEOUT
        client.assign([TopicPartition(topic, p, positions[p]) for p in ends])
        while any(positions[p] < end for p, end in ends.items()):
            # consume() waits until it has that many, so a long timeout would be served in full.
            batch = client.consume(10_000, timeout=0.1)
            if batch:
                patience = time.monotonic() + TIMEOUT
            elif time.monotonic() > patience:
                raise LabError(
                    f"Topic {topic!r} stopped answering while it was read.",
                    f"no record within {TIMEOUT:.0f} s",
                    "lab status",
                )
            for message in batch:
                partition, offset = _position(message)
                positions[partition] = offset + 1
                error = message.error()
                if error is None:
                    if offset < ends[partition]:
                        yield message
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise LabError(f"Topic {topic!r} cannot be read.", str(error))
            # The client also passes over transaction markers, which are no messages.
            for at in client.position(client.assignment()):
                positions[at.partition] = max(positions[at.partition], at.offset)


def _position(message: Message) -> tuple[int, int]:
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    return partition, offset


@contextmanager
def consumer(stack: Stack, **config: object) -> Iterator[Consumer]:
    """Give a consumer of its own group that is closed at the end, come what may."""
    settings: dict[str, object] = {
        "bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"],
        "group.id": f"lab-{uuid.uuid4().hex[:12]}",
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        "log_level": 0,
    }
    client = Consumer(settings | config)
    try:
        yield client
    finally:
        client.close()


def _explain(error: KafkaException, what: str) -> LabError:
    return LabError(what, str(error.args[0].str()), "lab status")
