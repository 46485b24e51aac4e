"""A backend without servers: it remembers what it was told, and can be told what to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lablib.backends import Observed, State
from lablib.errors import PortBusy
from lablib.probes import Answer
from lablib.services import Service


@dataclass
class FakeBackend:
    """Keeps a state per service and a list of all calls."""

    name: str = "fake"
    states: dict[str, State] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    dies: set[str] = field(default_factory=set)
    """Services that end right after their start."""
    busy: set[str] = field(default_factory=set)
    """Services whose port somebody else has."""
    deaf: set[str] = field(default_factory=set)
    """Services that run but never answer."""

    def prepare(self, services: Sequence[Service]) -> None:
        self.calls.append("prepare")

    def ports(self, service: Service) -> list[int]:
        return list(service.ports)

    def check(self, service: Service) -> None:
        if service.name in self.busy:
            raise PortBusy(f"{service.name} needs a port that is taken.")

    def start(self, service: Service) -> None:
        self.calls.append(f"start {service.name}")
        self.states[service.name] = State.CRASHED if service.name in self.dies else State.RUNNING

    def stop(self, service: Service) -> None:
        self.calls.append(f"stop {service.name}")
        self.states[service.name] = State.STOPPED

    def kill(self, service: Service) -> None:
        self.calls.append(f"kill {service.name}")
        self.states[service.name] = State.KILLED

    def pause(self, service: Service) -> None:
        self.calls.append(f"pause {service.name}")
        self.states[service.name] = State.PAUSED

    def resume(self, service: Service) -> None:
        self.calls.append(f"resume {service.name}")
        self.states[service.name] = State.RUNNING

    def inspect(self, service: Service) -> Observed:
        return Observed(self.states.get(service.name, State.STOPPED), "42")

    def logs(self, service: Service, lines: int) -> list[str]:
        return [f"{service.name} says goodbye"][-lines:]

    def log_location(self, service: Service) -> str:
        return f"/logs/{service.name}.log"

    def tool(self, service: Service, program: str, arguments: Sequence[str]) -> str:
        return f"{service.name}: {program} {' '.join(arguments)}"

    def environment(self) -> dict[str, str]:
        return {}

    def wipe(self) -> None:
        self.calls.append("wipe")

    def probe(self, name: str) -> Answer:
        answers = self.states.get(name) is State.RUNNING and name not in self.deaf
        return Answer(answers, "here I am" if answers else "silence")
