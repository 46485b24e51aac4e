"""What can go wrong, as a tree of exceptions.

LabError
├── NotReady          a service did not answer in time
├── PortBusy          somebody else holds a port
├── DownloadFailed    an artifact could not be fetched or does not match its hash
├── ConnectError      Kafka Connect refused a request
├── KsqlError         the stream SQL server refused a statement
├── InvalidSale       bytes that are no sale
└── DeliveryFailed    Kafka did not take an event
"""

from __future__ import annotations


class LabError(Exception):
    """Something a person can act on: what is wrong, what was seen, what to do next."""

    def __init__(self, what: str, seen: str | None = None, next: str | None = None) -> None:
        """Build the error from one sentence each; ``seen`` and ``next`` may be left out."""
        self.what, self.seen, self.next = what, seen, next
        super().__init__(what, seen, next)

    def __str__(self) -> str:
        lines = [self.what]
        if self.seen:
            lines.append(f"Seen: {self.seen}")
        if self.next:
            lines.append(f"Try:  {self.next}")
        return "\n".join(lines)


class NotReady(LabError):
    """A service did not answer before its deadline."""


class PortBusy(LabError):
    """A port that a service needs is held by somebody else."""


class DownloadFailed(LabError):
    """An artifact could not be fetched, or what arrived does not match its hash."""


class ConnectError(LabError):
    """Kafka Connect refused a request, or a connector failed."""


class KsqlError(LabError):
    """The stream SQL server refused a statement, or did not answer. ``code`` is ksqlDB's own."""

    def __init__(
        self,
        what: str,
        seen: str | None = None,
        next: str | None = None,
        *,
        code: int | None = None,
    ) -> None:
        """Build the error as any other, and keep ksqlDB's error code."""
        super().__init__(what, seen, next)
        self.code = code


class InvalidSale(LabError):
    """These bytes are not a sale."""


class DeliveryFailed(LabError):
    """Kafka did not take an event."""
