"""Kafka Connect's REST interface, with answers that a person can act on."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from lablib.errors import ConnectError, LabError

# While a rebalance goes on, Connect answers 409 and means: ask again.
REBALANCE_WITHIN = 60.0
SETTLE = 3.0
# Nobody closes a client in a notebook; without idle connections there is nothing to close.
NO_KEEPALIVE = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True)
class Task:
    """One task of a connector: its state, and why it failed."""

    id: int
    state: str
    why: str = ""


@dataclass(frozen=True)
class ConnectorStatus:
    """A connector's own state and that of each task. The two are independent of each other."""

    name: str
    state: str
    tasks: tuple[Task, ...]

    @property
    def running(self) -> bool:
        """True if the connector and at least one task run, and no task does anything else."""
        states = [self.state, *(task.state for task in self.tasks)]
        return bool(self.tasks) and all(state == "RUNNING" for state in states)

    @property
    def resting(self) -> bool:
        """True if somebody paused or stopped it."""
        return self.state in ("PAUSED", "STOPPED")

    @property
    def failed(self) -> bool:
        """True if the connector itself or one of its tasks gave up."""
        return self.state == "FAILED" or bool(self.failed_tasks)

    @property
    def failed_tasks(self) -> tuple[Task, ...]:
        """The tasks that gave up."""
        return tuple(task for task in self.tasks if task.state == "FAILED")

    def __str__(self) -> str:
        tasks = ", ".join(
            f"task {t.id} {t.state}" + (f" ({t.why})" if t.why else "") for t in self.tasks
        )
        return f"{self.name} {self.state}, {tasks or 'no task yet'}"


def first_useful_line(trace: str) -> str:
    """Return the line of a Java stack trace that says most: its innermost cause."""
    causes = [line.strip() for line in trace.splitlines() if line and not line.startswith("\t")]
    chosen = next(
        (c for c in reversed(causes) if c.startswith("Caused by: ")), causes[0] if causes else ""
    )
    return chosen.removeprefix("Caused by: ")[:400]


class Connect:
    """A client for one Connect worker.

    Every method raises ConnectError when the worker refuses or does not answer.
    """

    def __init__(self, url: str) -> None:
        """Take the worker's address, for example ``http://127.0.0.1:18083``."""
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False, limits=NO_KEEPALIVE)

    def connectors(self) -> list[str]:
        """Return the names of all connectors."""
        names: list[str] = self._call("GET", "/connectors")
        return names

    def register(self, definition: Mapping[str, Any] | Path, wait: float = 60.0) -> ConnectorStatus:
        """Create the connector or bring its configuration up to date, and wait until it runs.

        Registering the same definition twice changes nothing.

        Args:
            definition: ``{"name": ..., "config": {...}}`` or the path of such a JSON file. Values
                that are no text (a nested schema) are sent as JSON text, as Connect wants it.
            wait: seconds until all tasks must run; 0 does not wait.

        Raises:
            ConnectError: the configuration is refused (with every reason that Connect gives), or a
                task fails (with the useful line of its trace), or nothing runs in time.
        """
        definition = _read(definition) if isinstance(definition, Path) else definition
        try:
            name, config = definition["name"], definition["config"]
        except (KeyError, TypeError) as error:
            raise ConnectError(
                "This is not a connector definition.",
                f"no {error} in it",
                'write {"name": "...", "config": {...}}',
            ) from error
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config.items()}
        had_failed = name in self.connectors() and self.status(name).failed
        self._call("PUT", f"/connectors/{name}/config", texts)
        if had_failed:
            self.restart_failed(name)
        return self.wait_running(name, wait) if wait else self.status(name)

    def status(self, name: str) -> ConnectorStatus:
        """Return the state of a connector and its tasks."""
        answer = self._call("GET", f"/connectors/{name}/status")
        tasks = (
            Task(t["id"], t["state"], first_useful_line(t.get("trace", "")))
            for t in answer["tasks"]
        )
        return ConnectorStatus(name, answer["connector"]["state"], tuple(tasks))

    def wait_running(self, name: str, within: float = 60.0) -> ConnectorStatus:
        """Return when connector and tasks run; raise ConnectError as soon as one has failed."""
        begin = time.monotonic()
        status = None
        while time.monotonic() < begin + within:
            try:
                status = self.status(name)
            except ConnectError as error:
                if "404" not in str(error.seen):  # the worker may not have read its own topic yet
                    raise
            else:
                if status.running:
                    return status
                # A moment ago it may have failed for a reason that is mended now.
                if status.failed and time.monotonic() > begin + SETTLE:
                    break
            time.sleep(0.1)
        raise ConnectError(
            f"Connector {name} does not run.",
            str(status or f"no status within {within:.0f} s"),
            "correct what the line above names, then register again; lab logs connect has the trace",
        )

    def restart_failed(self, name: str) -> None:
        """Restart the failed parts of a connector and leave the healthy ones alone."""
        self._call("POST", f"/connectors/{name}/restart?includeTasks=true&onlyFailed=true")

    def pause(self, name: str) -> None:
        """Let a connector rest; its offsets stay where they are."""
        self._call("PUT", f"/connectors/{name}/pause")

    def resume(self, name: str) -> None:
        """Let a paused or stopped connector go on."""
        self._call("PUT", f"/connectors/{name}/resume")

    def delete(self, name: str) -> None:
        """Remove a connector. One that does not exist is passed over. Its offsets stay."""
        try:
            self._call("DELETE", f"/connectors/{name}")
        except ConnectError as error:
            if "404" not in str(error.seen):
                raise

    def _call(self, method: str, path: str, body: object = None) -> Any:
        deadline = time.monotonic() + REBALANCE_WITHIN
        while True:
            try:
                response = self._http.request(method, path, json=body)
            except httpx.HTTPError as error:
                raise ConnectError(
                    f"Kafka Connect does not answer on {self._http.base_url}.",
                    str(error) or type(error).__name__,
                    "lab status, then lab up",
                ) from error
            if response.status_code != 409 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        if response.is_success:
            return response.json() if response.content else None
        try:
            message = response.json()["message"]
        except (ValueError, KeyError):
            message = response.text
        raise ConnectError(
            f"Kafka Connect refused {method} {path}.",
            f"HTTP {response.status_code}: {message.strip()[:1500]}",
            "correct what it names; lab logs connect has more",
        )


def _read(path: Path) -> dict[str, Any]:
    try:
        definition: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError as error:
        raise LabError(
            f"There is no file {path}.", next="give the path of a connector's JSON"
        ) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise ConnectError(f"{path.name} is not valid JSON.", place, f"correct {path}") from error
    return definition
