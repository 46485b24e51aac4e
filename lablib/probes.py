"""One way to ask for each kind of server whether it answers. A probe returns what it saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Answer(NamedTuple):
    """What a probe found: whether the server works, and a few words on what was seen."""

    ready: bool
    seen: str


Probe = Callable[[Mapping[str, str]], Answer]


def probe_postgres(env: Mapping[str, str]) -> Answer:
    """Log in and ask a question: a port that is open does not mean a database that answers."""
    import psycopg

    try:
        with psycopg.connect(env["POSTGRES_DSN"], connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return Answer(False, str(error).strip().splitlines()[-1] if str(error) else repr(error))
    return Answer(True, "answers queries")


def probe_kafka(env: Mapping[str, str]) -> Answer:
    """Ask the broker for its metadata."""
    from confluent_kafka import KafkaException
    from confluent_kafka.admin import AdminClient

    config: dict[str, str | int | float | bool] = {
        "bootstrap.servers": env["KAFKA_BOOTSTRAP_SERVERS"],
        "log_level": 0,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 200,
        "socket.connection.setup.timeout.ms": 2000,
    }
    try:
        metadata = AdminClient(config).list_topics(timeout=2)
    except KafkaException as error:
        return Answer(False, str(error.args[0].str()))
    return Answer(bool(metadata.brokers), f"{len(metadata.brokers)} broker(s)")


def over_http(variable: str, path: str, wanted: str = "") -> Probe:
    """Return a probe that asks an HTTP server, whose address the variable has, for its health.

    Well is who answers with success, and says what is ``wanted``.
    """

    def probe(env: Mapping[str, str]) -> Answer:
        import httpx

        try:
            response = httpx.get(f"{env[variable]}{path}", timeout=2, trust_env=False)
        except httpx.HTTPError as error:
            return Answer(False, str(error) or type(error).__name__)
        seen = f"HTTP {response.status_code}"
        if wanted not in response.text:
            return Answer(False, f"{seen} without {wanted!r}")
        return Answer(response.is_success, seen)

    return probe


# Not all of them: what a scrape has shown counts as told to Prometheus.
QUIETLY = "/metrics?name[]=exporter_look_errors_total"

PROBES: dict[str, Probe] = {
    "postgres": probe_postgres,
    "kafka": probe_kafka,
    # Answers only once the worker is in its group.
    "connect": over_http("CONNECT_URL", "/health"),
    # It has read its statements, and Kafka answers it.
    "ksql": over_http("KSQL_URL", "/healthcheck"),
    "watchdog": over_http("WATCHDOG_URL", "/metrics"),
    "exporter": over_http("EXPORTER_URL", QUIETLY),
    "postgres-exporter": over_http("POSTGRES_EXPORTER_URL", "/metrics", wanted="pg_up 1"),
    "pushgateway": over_http("PUSHGATEWAY_URL", "/-/ready"),
    "alertmanager": over_http("ALERTMANAGER_URL", "/-/ready"),
    "prometheus": over_http("PROMETHEUS_URL", "/-/ready"),
}
