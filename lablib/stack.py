"""The stack as a whole: starts in dependency order, waits for readiness, tells what it sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain, compress

from filelock import FileLock, Timeout

from lablib.backends import Backend, Observed, State
from lablib.backends.select import backend_note, select_backend
from lablib.errors import LabError, NotReady
from lablib.ledger import Ledger
from lablib.probes import PROBES, Answer
from lablib.services import SERVICES, Service, chosen_services, find_service
from lablib.settings import Settings, load_settings

POLL = 0.05
LOCK_WITHIN = 120.0


@dataclass(frozen=True)
class ServiceStatus:
    """One line of ``lab status``. ``identity`` is a pid or a container's name."""

    name: str
    state: str
    ready: bool
    pid: str
    port: int
    seen: str

    def as_dict(self) -> dict[str, object]:
        """Return the fields for JSON; a numeric pid becomes a number."""
        fields = asdict(self)
        fields["pid"] = int(self.pid) if self.pid.isdigit() else self.pid or None
        return fields


class Stack:
    """All services of one checkout, whichever backend runs them.

    An optional service takes part from the moment it is asked for until it is stopped.

    >>> stack = Stack()
    >>> stack.up()
    >>> stack.env["KAFKA_BOOTSTRAP_SERVERS"]
    """

    def __init__(
        self,
        settings: Settings | None = None,
        backend: Backend | None = None,
        services: Sequence[Service] = SERVICES,
        probes: Mapping[str, Callable[..., Answer]] = PROBES,
    ) -> None:
        """Take the checkout that the current folder lies in, and the backend that fits here."""
        self.settings = settings or load_settings()
        self.backend = backend or select_backend(self.settings)
        self.services = tuple(services)
        self._probes = probes

    # -- as a whole --------------------------------------------------------------------------

    def up(self, *names: str, tell: Callable[[str], None] = lambda _: None) -> None:
        """Start whatever is down, in dependency order, and return when everything answers.

        Safe to repeat: what runs is left alone, what is paused goes on, what crashed starts again.

        >>> stack.up("ksql")

        Args:
            names: optional services that shall take part, or whole profiles of them.
            tell: is called with a line each time a service became ready.

        Raises:
            PortBusy, NotReady, LabError: with the service's name, what was seen and its last lines.
        """
        ordered, asked_for = self._ordered(), self._with_what_they_need(names)
        with self._lock():
            present = self._with_what_they_need(s.name for s in ordered if self._takes_part(s))
            chosen = [s for s in ordered if s in asked_for | present]
            self.backend.prepare(chosen)
            backend_note(self.settings).write_text(self.backend.name)
            for service in reversed(chosen):
                if self.backend.inspect(service).state is State.MOVED:
                    self.backend.stop(service)
            # Before anything starts: half a stack would be in the way of the remedy.
            for service in chosen:
                if not self.backend.inspect(service).up:
                    self.backend.check(service)
            self._in_order(chosen, partial(self._bring_up, tell=tell))

    def down(self) -> None:
        """End all services, those first that depend on others. Data stays."""
        with self._lock():
            for service in reversed(self._ordered()):
                self.backend.stop(service)

    def wipe(self) -> None:
        """End all services and delete their data, the ledger included."""
        with self._lock():
            for service in reversed(self._ordered()):
                self.backend.stop(service)
            self.backend.wipe()
            backend_note(self.settings).unlink(missing_ok=True)
            Ledger.discard(self.settings)

    def status(self) -> list[ServiceStatus]:
        """Look at this moment at every service that takes part."""
        with ThreadPoolExecutor(len(self.services)) as pool:
            present = compress(self.services, pool.map(self._takes_part, self.services))
            return list(pool.map(self._status, present))

    @property
    def env(self) -> dict[str, str]:
        """What clients need: bootstrap servers, URLs, the database's DSN."""
        return self.backend.environment()

    # -- one service -------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        """End a service the hard way (SIGKILL); it stays down until ``restart`` or ``up``."""
        with self._lock():
            self._while_up(name, self.backend.kill)

    def pause(self, name: str) -> None:
        """Freeze a service until ``resume``."""
        with self._lock():
            self._while_up(name, self.backend.pause)

    def resume(self, name: str) -> None:
        """Let a paused service go on."""
        service = find_service(name, self.services)
        if self.backend.inspect(service).state is not State.PAUSED:
            raise LabError(f"{name} is not paused.", self._seen(service), "lab status")
        self.backend.resume(service)

    def stop(self, name: str) -> None:
        """End a service, or all of a profile, in an orderly way, until ``restart`` or ``up``."""
        services = chosen_services(name, self.services)
        with self._lock():
            for service in reversed(services):
                self.backend.stop(service)

    def restart(self, name: str) -> None:
        """Stop a service if it is up, start it, and return when it answers."""
        service = find_service(name, self.services)
        with self._lock():
            self.backend.prepare([service])
            self.backend.stop(service)
            self.backend.start(service)
        self.wait_ready(name)

    def crashed(self) -> list[str]:
        """Return the services that ended without being asked to."""
        states = {s.name: self.backend.inspect(s).state for s in self.services}
        return [name for name, state in states.items() if state is State.CRASHED]

    def revive(self, name: str) -> bool:
        """Start a crashed service without waiting for it; False if somebody else was faster."""
        service = find_service(name, self.services)
        with self._lock():
            if self.backend.inspect(service).state is not State.CRASHED:
                return False
            self.backend.start(service)
        return True

    def tool(self, name: str, program: str, *arguments: str) -> str:
        """Run a command-line tool that comes with a service and return what it prints.

        It runs in the service's data folder; a word with a ``*`` stands for the files that fit.

        >>> print(Stack().tool("kafka", "kafka-metadata-quorum", "describe", "--status"))
        """
        return self.backend.tool(find_service(name, self.services), program, arguments)

    def logs(self, name: str, lines: int = 50) -> list[str]:
        """Return the last lines of a service's log."""
        return self.backend.logs(find_service(name, self.services), lines)

    def follow(self, name: str, lines: int = 10) -> Iterator[str]:
        """Yield the last lines of a service's log and then each new one, without end."""
        service = find_service(name, self.services)
        known: list[str] = self.backend.logs(service, lines)
        yield from known
        while True:
            time.sleep(0.3)
            latest = self.backend.logs(service, 2000)
            fresh = _new_lines(known, latest)
            yield from fresh
            known = latest or known

    def wait_ready(self, name: str) -> None:
        """Return when a service answers.

        Raises:
            NotReady: it did not within its time, or it died meanwhile; with its last lines.
        """
        self._wait_ready(find_service(name, self.services))

    # -- inside ------------------------------------------------------------------------------

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Let one command at a time start and stop services of this checkout."""
        lock = FileLock(self.settings.data / "stack.lock")
        try:
            self.settings.data.mkdir(parents=True, exist_ok=True)
            with lock.acquire(timeout=LOCK_WITHIN):
                yield
        except Timeout:
            raise LabError(
                "Another lab command is starting or stopping this stack.",
                f"waited {LOCK_WITHIN:.0f} s for {lock.lock_file}",
                "wait for it, or end it, then repeat",
            ) from None
        except OSError as error:
            raise LabError(
                f"The stack's folder cannot be used: {error.strerror or error}.",
                str(error.filename or self.settings.data),
                "free some space, or set LAB_DATA to a folder that you may write to",
            ) from error

    def _takes_part(self, service: Service) -> bool:
        return not service.optional or self.backend.inspect(service).state is not State.STOPPED

    def _with_what_they_need(self, names: Iterable[str]) -> set[Service]:
        found: set[Service] = set()
        for service in chain.from_iterable(chosen_services(n, self.services) for n in names):
            found |= {service, *self._with_what_they_need(service.depends_on)}
        return found

    def _ordered(self) -> list[Service]:
        """Sort so that each service stands behind those it depends on."""
        ordered: list[Service] = []
        while len(ordered) < len(self.services):
            names = {s.name for s in ordered}
            ready = [
                s for s in self.services if s.name not in names and names.issuperset(s.depends_on)
            ]
            if not ready:
                raise LabError("The services depend on each other in a circle.")
            ordered += ready
        return ordered

    def _in_order(self, services: Sequence[Service], step: Callable[[Service], None]) -> None:
        """Run a step for these services, side by side, each after those it depends on."""
        waiting, done = list(services), set[str]()
        with ThreadPoolExecutor(len(self.services)) as pool:
            running: dict[Future[None], str] = {}
            try:
                while waiting or running:
                    for service in [s for s in waiting if done.issuperset(s.depends_on)]:
                        waiting.remove(service)
                        running[pool.submit(step, service)] = service.name
                    assert running, f"nobody starts what {waiting} wait for"
                    finished, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in finished:
                        future.result()
                        done.add(running.pop(future))
            except BaseException:
                self._stop_waiting = True
                raise
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
                self._stop_waiting = False

    _stop_waiting = False

    def _bring_up(self, service: Service, tell: Callable[[str], None]) -> None:
        begin = time.monotonic()
        observed = self.backend.inspect(service)
        if observed.state is State.PAUSED:
            self.backend.resume(service)
        elif not observed.up:
            self.backend.start(service)
        self._wait_ready(service)
        tell(f"{service.name} answers after {time.monotonic() - begin:.1f} s")

    def _wait_ready(self, service: Service) -> None:
        deadline = time.monotonic() + service.ready_within
        answer = Answer(False, "not asked yet")
        while not self._stop_waiting:
            observed = self.backend.inspect(service)
            if not observed.up:
                raise self._not_ready(service, f"it ended ({observed.state})")
            answer = self._probes[service.name](self.env)
            if answer.ready:
                return
            if time.monotonic() > deadline:
                break
            time.sleep(POLL)
        raise self._not_ready(
            service, f"no answer after {service.ready_within:.0f} s: {answer.seen}"
        )

    def _not_ready(self, service: Service, seen: str) -> NotReady:
        tail = "\n".join(f"  {line}" for line in self.backend.logs(service, 8))
        location = self.backend.log_location(service)
        return NotReady(
            f"{service.name} is not ready.",
            f"{seen}. Its last lines:\n{tail or '  (none)'}\nFull log: {location}",
            f"lab logs {service.name}, then lab up",
        )

    def _status(self, service: Service) -> ServiceStatus:
        observed = self.backend.inspect(service)
        answer = Answer(False, "")
        if observed.state is State.RUNNING:
            answer = self._probes[service.name](self.env)
        return ServiceStatus(
            service.name,
            str(observed.state),
            answer.ready,
            observed.identity,
            service.port + self.settings.port_offset,
            answer.seen,
        )

    def _while_up(self, name: str, act: Callable[[Service], None]) -> None:
        service = find_service(name, self.services)
        if self.backend.inspect(service).state is not State.RUNNING:
            raise LabError(
                f"{name} is not running, so this cannot be done to it.",
                self._seen(service),
                f"lab restart {name}",
            )
        act(service)

    def _seen(self, service: Service) -> str:
        observed: Observed = self.backend.inspect(service)
        return f"{service.name} is {observed.state}"


def _new_lines(known: Sequence[str], latest: Sequence[str]) -> Iterable[str]:
    """Return what ``latest`` has after the end of ``known`` (all of it if they do not overlap)."""
    tail = list(known[-5:])
    if not tail:
        return latest
    for end in range(len(latest), 0, -1):
        if list(latest[max(0, end - len(tail)) : end]) == tail:
            return latest[end:]
    return latest
