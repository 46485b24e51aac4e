"""The conformance cases against a running server: SQL over REST, records over Kafka.

Each case has names of its own, so several run at once; what they say is told case by case.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, groupby, repeat
from typing import Any

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]
from confluent_kafka.cimpl import NewTopic

from lablib.errors import KsqlError, LabError
from lablib.ksql import Ksql
from lablib.stack import Stack
from tests.conftest import on_processes
from tests.stack.conformance import Case, Shape, expectation, plain, read_cases

pytestmark = [pytest.mark.stack, on_processes, pytest.mark.timeout(900)]

AT_ONCE = 8
WITHIN = 45.0
# Every change is a record, and what was read is soon known.
SETTINGS = {
    "auto.offset.reset": "earliest",
    "cache.max.bytes.buffering": "0",
    "commit.interval.ms": "100",
    "num.stream.threads": "1",
}
ALL = list(read_cases())


class Runner:
    """Runs cases on one stack."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.env["KSQL_URL"]
        self.servers: dict[str, str | int | float | bool] = {
            "bootstrap.servers": stack.env["KAFKA_BOOTSTRAP_SERVERS"],
            "log_level": 0,
        }
        self.admin = AdminClient(self.servers)
        self.producer = Producer({**self.servers, "linger.ms": 0})

    def run(self, case: Case) -> None:
        """Run one case; whatever it made is gone afterwards."""
        ksql = Ksql(self.url)
        queries: list[str] = []
        try:
            if case.error is not None:
                refused(ksql, case)
                return
            self._make_topics(case)
            answers = ksql.run(case.statements, {**SETTINGS, **case.properties})
            found = (a.get("commandStatus", {}).get("queryId") for a in answers)
            queries += [query for query in found if query]
            self._check(ksql, case, queries)
        finally:
            self._clean_up(ksql, case, queries)

    def _check(self, ksql: Ksql, case: Case, queries: list[str]) -> None:
        sources = [ksql.describe(name) for _, name in case.made]
        shapes = {source["topic"]: Shape.of(source) for source in sources}
        work: dict[str, set[str]] = {source["topic"]: set() for source in sources}
        for source in sources:
            work[source["topic"]] |= {query["id"] for query in source.get("readQueries", ())}
        for topic, run in groupby(case.inputs, key=lambda record: record.topic):
            for record in run:
                key, value = shapes[topic].write(record)
                self.producer.produce(topic, value, key, timestamp=record.timestamp)
            self.producer.flush()
            self._wait_until_done(work)
        if not case.inputs:
            self._wait_until_done(work)
        for topic in dict.fromkeys(record.topic for record in case.outputs):
            expected = [record for record in case.outputs if record.topic == topic]
            found = self._read(topic)
            written = [
                shapes[topic].show(key, value, timestamp, like)
                for (key, value, timestamp), like in zip(
                    found, chain(expected, repeat(None)), strict=False
                )
            ]
            assert "\n".join(written) == "\n".join(map(expectation, expected)), topic
        for question in case.pull:
            check_answer(ksql, question, {**SETTINGS, **case.properties})

    def _make_topics(self, case: Case) -> None:
        # Records of 1970 would be gone at once from a topic that keeps them for a week.
        topics = [NewTopic(t, 1, 1, config={"retention.ms": "-1"}) for t in case.topics]
        for future in self.admin.create_topics(topics, operation_timeout=WITHIN).values():
            future.result(WITHIN)

    def _clean_up(self, ksql: Ksql, case: Case, queries: list[str]) -> None:
        statements = [f"TERMINATE {query};" for query in queries]
        statements += [f"DROP {kind} IF EXISTS {name};" for kind, name in reversed(case.made)]
        for statement in statements:
            try:
                ksql.run(statement)
            except KsqlError:
                if case.error is None:
                    raise
        if case.error is None:
            self.admin.delete_topics(list(case.topics))

    def _wait_until_done(self, work: Mapping[str, set[str]]) -> None:
        """Wait until the readers of each topic have committed all that is in it."""
        deadline = time.monotonic() + WITHIN
        while missing := self._left_over(work):
            if time.monotonic() > deadline:
                raise LabError("The queries are not done.", seen=f"left over: {missing}")
            time.sleep(0.05)

    def _left_over(self, work: Mapping[str, set[str]]) -> dict[str, int]:
        """Return how many records are left in each topic, those between a query's steps included."""
        queries = {query for readers in work.values() for query in readers}
        if not queries:
            return {}
        names = [g.group_id for g in self.admin.list_consumer_groups().result(WITHIN).valid]
        groups = {q: g for q in queries for g in names if g.endswith(f"_{q}")}
        if len(groups) < len(queries):
            return {"groups": len(queries) - len(groups)}
        between = [t for t in self.admin.list_topics(timeout=WITHIN).topics if "repartition" in t]
        reads = {
            group: [TopicPartition(t, 0) for t, readers in work.items() if query in readers]
            + [TopicPartition(t, 0) for t in between if t.startswith(group)]
            for query, group in groups.items()
        }
        committed: dict[tuple[str, str], int] = {}
        for group, partitions in reads.items():
            request = ConsumerGroupTopicPartitions(group, partitions)
            answer = self.admin.list_consumer_group_offsets([request])[group].result(WITHIN)
            committed |= {(group, p.topic): max(0, p.offset) for p in answer.topic_partitions}
        # After the commits, so that what the queries have written since is seen.
        topics = {topic for _, topic in committed}
        ends = self.admin.list_offsets({TopicPartition(t, 0): OffsetSpec.latest() for t in topics})  # type: ignore[no-untyped-call]
        last = {p.topic: future.result(WITHIN).offset for p, future in ends.items()}
        return {t: last[t] - offset for (_, t), offset in committed.items() if offset < last[t]}

    def _read(self, topic: str) -> list[tuple[bytes | None, bytes | None, int]]:
        reader = Consumer({**self.servers, "group.id": "nobody", "enable.auto.commit": False})
        try:
            partition = TopicPartition(topic, 0, 0)
            _, end = reader.get_watermark_offsets(partition, timeout=WITHIN)
            reader.assign([partition])
            found: list[tuple[bytes | None, bytes | None, int]] = []
            deadline = time.monotonic() + WITHIN
            while reader.position([partition])[0].offset < end and time.monotonic() < deadline:
                message = reader.poll(0.1)
                if message is not None and message.error() is None:
                    found.append((message.key(), message.value(), message.timestamp()[1]))
        finally:
            reader.close()
        return found


def refused(ksql: Ksql, case: Case) -> None:
    """Check that the last statement is refused, with ksqlDB's code and a message that names the fault."""
    assert case.error is not None
    with pytest.raises(KsqlError) as caught:
        ksql.run(case.statements, SETTINGS)
    check_refusal(caught.value, case.error)


def check_refusal(error: KsqlError, expected: Mapping[str, Any]) -> None:
    said = error.what.upper()
    missing = [text for text in expected["message"] if text.upper() not in said]
    assert not missing, f"{error}\nlacks {missing}"
    assert error.code == expected.get("code", error.code), error


def check_answer(ksql: Ksql, question: Mapping[str, Any], properties: Mapping[str, Any]) -> None:
    """Run a query that ends, and compare its columns and rows."""
    if expected := question.get("error"):
        with pytest.raises(KsqlError) as caught:
            list(ksql.push(question["query"], properties))
        check_refusal(caught.value, expected)
        return
    with ksql.push(question["query"], properties, timeout=WITHIN) as answer:
        rows = [plain(list(row.values())) for row in answer]
        columns = list(answer.columns)
    wanted = [plain(row) for row in question["rows"]]
    if not question.get("ordered"):
        rows, wanted = sorted(rows), sorted(wanted)
    assert rows == wanted, question["query"]
    assert columns == question.get("columns", columns), question["query"]


@pytest.fixture(scope="module")
def verdicts(stack: Stack, request: pytest.FixtureRequest) -> Mapping[str, Future[None]]:
    """Run all chosen cases, several at once; each test then tells what became of its own."""
    stack.up("ksql")
    runner = Runner(stack)
    chosen = {item.name for item in request.session.items}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {
            case.name: pool.submit(runner.run, case)
            for case in ALL
            if any(case.name in name for name in chosen)
        }


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_case(verdicts: Mapping[str, Future[None]], case: Case) -> None:
    """The server does what the documentation says."""
    verdicts[case.name].result()
