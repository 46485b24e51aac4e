"""The sales pipeline on top of the servers: topics, tables and the sink, all made from files."""

from __future__ import annotations

from lablib.connect import Connect, ConnectorStatus
from lablib.kafka import create_topics
from lablib.postgres import apply_sql
from lablib.stack import Stack

TOPIC = "sales"
DEAD_LETTERS = "sales.dlq"
SINK = "sales-sink"
# Connect reads on behalf of a connector in a consumer group of this name.
SINK_GROUP = f"connect-{SINK}"


def install(stack: Stack) -> ConnectorStatus:
    """Make what is missing of topics, tables and sink; doing it again changes nothing."""
    create_topics(stack)
    apply_sql(stack)
    connect = Connect(stack.env["CONNECT_URL"])
    if SINK in connect.connectors() and connect.status(SINK).resting:
        connect.resume(SINK)
    return connect.register(stack.settings.stack_files / "connect" / "sales-sink.json")
