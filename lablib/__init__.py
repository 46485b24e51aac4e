"""The lab kit's helper package. What notebooks use is listed in ``__all__``: the syllabus."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lablib.kafka import consumer as consumer
    from lablib.kafka import create_topic as create_topic
    from lablib.kafka import delete_topics as delete_topics
    from lablib.kafka import read_topic as read_topic
    from lablib.ksql import Ksql as Ksql
    from lablib.lab import Lab as Lab
    from lablib.ledger import Ledger as Ledger
    from lablib.pipeline import install as install
    from lablib.postgres import connection as connection
    from lablib.postgres import engine as engine
    from lablib.producer import Producer as Producer
    from lablib.stack import Stack as Stack
    from lablib.synthetic import SyntheticSales as SyntheticSales
    from lablib.verification import verify as verify

# Looked up when first used: the `lab` command must not wait for pandas and IPython.
_HOMES = {
    "Ksql": "ksql",
    "Lab": "lab",
    "Ledger": "ledger",
    "Producer": "producer",
    "Stack": "stack",
    "SyntheticSales": "synthetic",
    "connection": "postgres",
    "consumer": "kafka",
    "create_topic": "kafka",
    "delete_topics": "kafka",
    "engine": "postgres",
    "install": "pipeline",
    "read_topic": "kafka",
    "verify": "verification",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'lablib' has no attribute {name!r}")
    return getattr(import_module(f"lablib.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
