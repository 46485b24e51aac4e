"""The kit's own aggregates: statements of stream SQL, and sinks that carry their results into tables.

``sales_hourly``, ``sales_agg_minute``, ``store_rolling_1h`` and ``top_skus`` have a file each in
``stack/ksql``, and a table or view of the same name in the database.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

from lablib.connect import Connect
from lablib.errors import KsqlError, LabError
from lablib.kafka import admin, create_topics, delete_group, delete_topics, waiting
from lablib.ksql import Ksql
from lablib.pipeline import SINK_GROUP
from lablib.postgres import apply_sql, connection
from lablib.stack import Stack
from lablib.verification import wait_for_sink

AGGREGATES = ("sales_hourly", "sales_agg_minute", "store_rolling_1h", "top_skus")
# Connector -> the topics it reads, which are named like the aggregates, and the tables it fills.
SINKS = {
    "aggregates-sink": ("sales_hourly", "sales_agg_minute", "store_rolling_1h"),
    "top-skus-sink": ("top_skus",),
}
TABLES = ("sales_hourly", "sales_agg_minute", "store_rolling_1h", "top_skus_lists")
TOPICS = (*AGGREGATES, "sku_hourly")
PROCESSING_LOG = "KSQL_PROCESSING_LOG"


def ksql_of(stack: Stack) -> Ksql:
    """Return a client for the stack's stream SQL server."""
    return Ksql(stack.env["KSQL_URL"])


def install_aggregates(stack: Stack, names: Iterable[str] = AGGREGATES) -> None:
    """Make what is missing of these aggregates: topics, statements, tables, sinks.

    Doing it again changes nothing. The service ``ksql`` must be up.

    Raises:
        KsqlError: the server does not answer, or refuses a statement.
        ConnectError: a sink does not run.
    """
    chosen = list(names)
    if unknown := set(chosen) - set(AGGREGATES):
        known = ", ".join(AGGREGATES)
        raise LabError(f"There is no aggregate {', '.join(unknown)}.", f"there are: {known}")
    ksql, connect = ksql_of(stack), Connect(stack.env["CONNECT_URL"])
    ksql.info()  # rather no topics than some without anyone who fills them
    create_topics(stack, "ksql/topics.json")
    apply_sql(stack)
    for name in ("sales", *chosen):
        ksql.run(stack.settings.stack_files / "ksql" / f"{name}.sql")
    for sink, topics in SINKS.items():
        if set(chosen) & set(topics):
            connect.register(stack.settings.stack_files / "connect" / f"{sink}.json")


def caught_up(stack: Stack, query_id: str | None = None, within: float = 60.0) -> bool:
    """Wait until a query (default: each) has read all that is in its topics, and written its results.

    Returns False if it has not within that many seconds. It asks Kafka, where each query keeps its
    offsets, so it works on whichever server.
    """
    ksql, deadline = ksql_of(stack), time.monotonic() + within
    prefix = f"_confluent-ksql-{ksql.info()['ksqlServiceId']}query_"
    known = [query_id] if query_id else [query["id"] for query in ksql.queries()]
    # A query that reads what another writes has the higher number, and is asked after it.
    for each in sorted(known, key=_number):
        topics = [ksql.describe(f"`{name}`")["topic"] for name in ksql.explain(each)["sources"]]
        while _behind(stack, prefix + each, topics):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
    return True


def sinks_caught_up(stack: Stack, within: float = 60.0) -> bool:
    """Wait until the sinks have carried all results into the tables; False if not in time."""
    deadline = time.monotonic() + within
    groups = [(f"connect-{sink}", topic) for sink, topics in SINKS.items() for topic in topics]
    registered = {f"connect-{name}" for name in Connect(stack.env["CONNECT_URL"]).connectors()}
    for group, topic in groups:
        while group in registered and waiting(stack, group, topic):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
    return SINK_GROUP not in registered or not wait_for_sink(stack, deadline - time.monotonic())


def remove_aggregates(stack: Stack) -> None:
    """Remove all that stream SQL has made, a learner's own included; the tables are emptied.

    If there are statements and the server that has them is down, it is started for the while.
    """
    connect = Connect(stack.env["CONNECT_URL"])
    for sink in SINKS:  # first: a sink without its topic would try to the last to keep its offsets
        connect.delete(sink)
    for sink in SINKS:
        delete_group(stack, f"connect-{sink}")
    topics = admin(stack).list_topics(timeout=10).topics
    if any(name.startswith("_confluent-ksql-") for name in topics):
        up = "ksql" in {status.name for status in stack.status()}
        stack.up("ksql")
        _drop_everything(ksql_of(stack))
        if not up:
            stack.stop("ksql")
    delete_topics(stack, *TOPICS)
    apply_sql(stack)  # a stack of an older edition may not have the tables yet
    with connection(stack) as session:
        session.execute(f"TRUNCATE {', '.join(TABLES)}")


def _drop_everything(ksql: Ksql) -> None:
    """Drop streams and tables, those first that nobody reads; topics that queries made go, too."""
    left = {name: kind for kind in ("TABLE", "STREAM") for name in ksql.names(f"{kind}S")}
    left.pop(PROCESSING_LOG, None)
    made = {name for query in ksql.queries() for name in query["sinks"]}
    ksql.run("TERMINATE ALL;")
    while left:
        refused: KsqlError | None = None
        for name, kind in list(left.items()):
            also_topic = " DELETE TOPIC" if name in made else ""
            try:
                ksql.run(f"DROP {kind} `{name}`{also_topic};")
            except KsqlError as error:
                refused = error
            else:
                del left[name]
                break
        else:
            assert refused is not None
            raise refused


def _number(query_id: str) -> int:
    found = re.search(r"(\d+)$", query_id)
    return int(found[1]) if found else 0


def _behind(stack: Stack, group: str, sources: Iterable[str]) -> bool:
    """Return whether a query has records to read, in its sources or in topics of its own."""
    every = admin(stack).list_topics(timeout=10).topics
    own = [t for t in every if t.startswith(f"{group}-") and t.endswith("-repartition")]
    return any(waiting(stack, group, topic) for topic in (*sources, *own))
