"""Back to an empty pipeline, without fetching or starting anything again."""

from __future__ import annotations

from lablib.aggregates import remove_aggregates
from lablib.connect import Connect
from lablib.errors import LabError
from lablib.kafka import delete_group, delete_topics
from lablib.ledger import Ledger
from lablib.pipeline import DEAD_LETTERS, SINK, SINK_GROUP, TOPIC, install
from lablib.postgres import connection
from lablib.stack import Stack


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
    delete_group(stack, SINK_GROUP)
    delete_topics(stack, TOPIC, DEAD_LETTERS)
    with connection(stack) as session:
        session.execute("DROP TABLE IF EXISTS sales_raw")
    Ledger.discard(stack.settings)
    install(stack)
