"""Back to an empty pipeline, without fetching or starting anything again."""

from __future__ import annotations

import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from lablib.aggregates import SINKS, remove_aggregates
from lablib.connect import Connect
from lablib.errors import LabError
from lablib.kafka import admin, delete_topics
from lablib.ledger import Ledger
from lablib.pipeline import DEAD_LETTERS, SINK, SINK_GROUP, TOPIC, install
from lablib.postgres import connection
from lablib.stack import Stack

GONE_WITHIN = 30.0


def reset_pipeline(stack: Stack) -> None:
    """Empty topics, tables, dead letters, offsets and ledger, and make the pipeline anew.

    Afterwards everything is as after the first ``lab up``. The servers stay up. Raises LabError,
    before anything is deleted, if one of them does not answer.
    """
    if away := [s.name for s in stack.status() if not s.ready and s.name != "watchdog"]:
        raise LabError(f"Nothing was emptied: {', '.join(away)} does not answer.", next="lab up")
    remove_aggregates(stack)  # first: queries would end for want of the topic that they read
    connect = Connect(stack.env["CONNECT_URL"])
    connect.delete(SINK)
    client = admin(stack)
    for group in (SINK_GROUP, *(f"connect-{sink}" for sink in SINKS)):
        _delete_group(client, group)
    delete_topics(stack, TOPIC, DEAD_LETTERS)
    with connection(stack) as session:
        session.execute("DROP TABLE IF EXISTS sales_raw")
    Ledger.discard(stack.settings)
    install(stack)


def _delete_group(client: AdminClient, group: str) -> None:
    """Delete a consumer group; the sink's task may need a moment to leave it."""
    deadline = time.monotonic() + GONE_WITHIN
    while True:
        try:
            client.delete_consumer_groups([group])[group].result(10)
        except KafkaException as error:
            if error.args[0].name() == "GROUP_ID_NOT_FOUND":
                return
            if time.monotonic() > deadline:
                raise LabError(
                    f"The consumer group {group} could not be deleted.",
                    str(error.args[0].str()),
                    "lab status, then repeat",
                ) from error
            time.sleep(0.2)
        else:
            return
