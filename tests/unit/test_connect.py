"""Reading Connect's answers."""

from __future__ import annotations

import pytest

from lablib.connect import ConnectorStatus, Task, first_useful_line

TRACE = """org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask
\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliver(WorkerSinkTask.java:651)
Caused by: org.hibernate.exception.DataException: Error executing work
\tat org.hibernate.internal.Session.work(Session.java:1)
Caused by: org.postgresql.util.PSQLException: ERROR: relation "nowhere" does not exist
  Position: 13
\tat org.postgresql.core.v3.Query.receive(Query.java:2)
\t... 12 more
"""


def test_the_innermost_cause_is_the_useful_line() -> None:
    """The outer layers of a Java trace say nothing; the last cause does."""
    expected = 'org.postgresql.util.PSQLException: ERROR: relation "nowhere" does not exist'
    assert first_useful_line(TRACE) == expected


@pytest.mark.parametrize(("trace", "line"), [("", ""), ("boom\n\tat x", "boom")])
def test_a_trace_without_causes(trace: str, line: str) -> None:
    """An empty trace stays empty; a single line is itself."""
    assert first_useful_line(trace) == line


@pytest.mark.parametrize(
    ("connector", "tasks", "running", "failed"),
    [
        ("RUNNING", ["RUNNING", "RUNNING"], True, False),
        ("RUNNING", ["RUNNING", "FAILED"], False, True),
        ("RUNNING", [], False, False),
        ("FAILED", ["RUNNING"], False, True),
        ("PAUSED", ["PAUSED"], False, False),
    ],
)
def test_a_connector_runs_only_if_all_of_it_runs(
    connector: str, tasks: list[str], running: bool, failed: bool
) -> None:
    """RUNNING of the connector alone means nothing; so does having no task."""
    status = ConnectorStatus("x", connector, tuple(Task(i, s) for i, s in enumerate(tasks)))
    assert (status.running, status.failed) == (running, failed)
