"""A sink in Python that is exactly once: rows and offsets are committed in one transaction.

Kafka Connect writes rows first and commits offsets to Kafka later. A crash between the two makes
it read some events again, and only the upsert hides that. Here Postgres holds the offsets too:
either a batch's rows, its rejects and its offsets are all there, or none of them is. After a crash
the sink goes on where the table says. The statements are in ``stack/postgres/copy_sink``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import psycopg
from confluent_kafka import Consumer, KafkaError, Message, TopicCollection, TopicPartition
from psycopg.sql import SQL, Composed, Identifier

from lablib.errors import InvalidSale, LabError
from lablib.kafka import admin, consumer, end_offsets
from lablib.postgres import connection
from lablib.sale import FIELDS, Sale
from lablib.stack import Stack

BATCH = 10_000
# How long to wait for a batch to fill: the price in latency when few events come.
FILL_WITHIN = 0.1
# Of the columns in copy.sql. The binary form needs them, and costs half the CPU time of text.
TYPES = [
    "text",
    "text",
    "int8",
    "text",
    "int4",
    "numeric",
    "timestamptz",
    "text",
    "text",
    "timestamptz",
]

_fields = attrgetter(*FIELDS)
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Loaded:
    """What a run of the sink did: events read, of them rejected, and transactions committed."""

    events: int = 0
    rejected: int = 0
    batches: int = 0


class CopySink:
    """Reads a topic of sales and upserts them with COPY, exactly once.

    >>> CopySink(Stack(), table="sales_raw").drain()

    Two sinks of the same name must not run at the same time: each would store the other's offsets.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        topic: str = "sales",
        table: str = "sales_raw",
        name: str = "copy-sink",
        batch: int = BATCH,
    ) -> None:
        """Take where to read and write; ``name`` is what the offsets are stored under."""
        self.topic, self.table, self.name, self.batch = topic, table, name, batch
        self._stack = stack
        folder = stack.settings.stack_files / "postgres" / "copy_sink"
        self._sql = {file.stem: file.read_text() for file in folder.glob("*.sql")}

    def drain(self) -> Loaded:
        """Load what is in the topic now, and return.

        Raises:
            LabError: the topic does not exist.
        """
        ends = end_offsets(self._stack, self.topic)
        return self.run(lambda at: all(at.get(p, 0) >= end for p, end in ends.items()))

    def run(self, finished: Callable[[dict[int, int]], bool]) -> Loaded:
        """Load batch after batch until ``finished`` says so.

        Args:
            finished: is asked before each batch, with ``partition -> next offset``.

        Raises:
            LabError: the topic does not exist, or Kafka refuses to hand out its records.
        """
        loaded = Loaded()
        topic_id = self._topic_id()
        with (
            connection(self._stack, autocommit=True) as session,
            consumer(self._stack, **{"enable.partition.eof": False}) as client,
        ):
            session.execute(self.statement("stage"))
            at = self._resume(session, client, topic_id)
            while not finished(at):
                messages = client.consume(self.batch, timeout=FILL_WITHIN)
                if not messages:
                    continue
                rows, rejects = self._read(messages, at)
                with session.transaction(), session.cursor() as cursor:
                    self.write(cursor, rows)
                    places = [(self.name, topic_id, *reject) for reject in rejects]
                    cursor.executemany(self._sql["rejects"], places)
                    offsets = [(self.name, topic_id, *place) for place in at.items()]
                    cursor.executemany(self._sql["offsets"], offsets)
                loaded = Loaded(
                    loaded.events + len(messages),
                    loaded.rejected + len(rejects),
                    loaded.batches + 1,
                )
        return loaded

    def write(self, cursor: psycopg.Cursor, rows: Sequence[Row]) -> None:
        """Upsert rows with distinct sale_ids: COPY into the stage, then one INSERT for all."""
        with cursor.copy(self.statement("copy")) as copy:
            copy.set_types(TYPES)
            for row in rows:
                copy.write_row(row)
        cursor.execute(self.statement("merge"))

    def statement(self, name: str) -> Composed:
        """Return a statement of ``stack/postgres/copy_sink`` for this sink's table."""
        return SQL(self._sql[name]).format(table=Identifier(self.table))

    def _topic_id(self) -> str:
        if not end_offsets(self._stack, self.topic):
            raise LabError(
                f"There is no topic {self.topic!r}.", next="lab up makes the lab's topics"
            )
        client = admin(self._stack)  # must outlive the answer
        answer = client.describe_topics(TopicCollection([self.topic]))
        return str(answer[self.topic].result(10).topic_id)

    def _resume(
        self, session: psycopg.Connection, client: Consumer, topic_id: str
    ) -> dict[int, int]:
        """Begin where the table says; where it says nothing, at the first event."""
        at = dict.fromkeys(end_offsets(self._stack, self.topic), 0)
        at.update(session.execute(self._sql["resume"], (self.name, topic_id)).fetchall())
        # No subscription: the group must not decide what this consumer reads, or from where.
        client.assign([TopicPartition(self.topic, p, offset) for p, offset in at.items()])
        return at

    def _read(self, messages: list[Message], at: dict[int, int]) -> tuple[list[Row], list[Row]]:
        """Turn records into rows and rejects, and move ``at`` behind them."""
        rows: dict[str, Row] = {}
        rejects: list[Row] = []
        for message in messages:
            if (error := message.error()) is not None:
                if error.fatal() or error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise LabError(f"Topic {self.topic!r} cannot be read.", error.str())
                continue  # a broker that is away for a moment: Kafka's client tries again
            value, partition, offset = message.value(), message.partition(), message.offset()
            assert partition is not None
            assert offset is not None
            at[partition] = offset + 1
            try:
                sale = Sale.from_json(value or b"")
            except InvalidSale as reason:
                rejects.append((partition, offset, value, str(reason)))
            else:
                sent = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
                # Of two events with one id in a batch the later wins, as in an upsert.
                rows[sale.sale_id] = (*_fields(sale), sent)
        return list(rows.values()), rejects
