"""One way to ask for each kind of server whether it answers. A probe returns what it saw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Answer(NamedTuple):
    """What a probe found: whether the server works, and a few words on what was seen."""

    ready: bool
    seen: str


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


def probe_connect(env: Mapping[str, str]) -> Answer:
    """Ask Connect's own health check, which answers only once the worker is in its group."""
    return _probe_http(f"{env['CONNECT_URL']}/health")


def probe_ksql(env: Mapping[str, str]) -> Answer:
    """Ask the server's own health check: it has read its statements, and Kafka answers it."""
    return _probe_http(f"{env['KSQL_URL']}/healthcheck")


def probe_watchdog(env: Mapping[str, str]) -> Answer:
    """Ask for the watchdog's metrics."""
    return _probe_http(f"{env['WATCHDOG_URL']}/metrics")


def probe_exporter(env: Mapping[str, str]) -> Answer:
    """Ask for the exporter's metrics."""
    return _probe_http(f"{env['EXPORTER_URL']}/metrics")


def probe_postgres_exporter(env: Mapping[str, str]) -> Answer:
    """Ask for the exporter's metrics: they tell whether it reaches the database."""
    return _probe_http(f"{env['POSTGRES_EXPORTER_URL']}/metrics", "pg_up 1")


def probe_pushgateway(env: Mapping[str, str]) -> Answer:
    """Ask Pushgateway's own health check."""
    return _probe_http(f"{env['PUSHGATEWAY_URL']}/-/ready")


def probe_alertmanager(env: Mapping[str, str]) -> Answer:
    """Ask Alertmanager's own health check."""
    return _probe_http(f"{env['ALERTMANAGER_URL']}/-/ready")


def probe_prometheus(env: Mapping[str, str]) -> Answer:
    """Ask Prometheus' own health check: it has read what it kept."""
    return _probe_http(f"{env['PROMETHEUS_URL']}/-/ready")


def _probe_http(url: str, wanted: str = "") -> Answer:
    import httpx

    try:
        response = httpx.get(url, timeout=2, trust_env=False)
    except httpx.HTTPError as error:
        return Answer(False, str(error) or type(error).__name__)
    if wanted not in response.text:
        return Answer(False, f"HTTP {response.status_code} without {wanted!r}")
    return Answer(response.is_success, f"HTTP {response.status_code}")


PROBES: dict[str, Callable[[Mapping[str, str]], Answer]] = {
    "postgres": probe_postgres,
    "kafka": probe_kafka,
    "connect": probe_connect,
    "ksql": probe_ksql,
    "watchdog": probe_watchdog,
    "exporter": probe_exporter,
    "postgres-exporter": probe_postgres_exporter,
    "pushgateway": probe_pushgateway,
    "alertmanager": probe_alertmanager,
    "prometheus": probe_prometheus,
}
