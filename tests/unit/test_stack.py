"""`Stack` without servers: order, healing, errors that tell what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from lablib.backends import State
from lablib.errors import LabError, NotReady, PortBusy
from lablib.probes import Answer
from lablib.services import Service
from lablib.settings import Settings
from lablib.stack import Stack
from tests.unit.fake_backend import FakeBackend

SERVICES = (
    Service("shop", "sells", 1, depends_on=("till", "store")),
    Service("till", "counts", 2, depends_on=("store",)),
    Service("store", "keeps", 3, ready_within=0.2),
    Service("cellar", "keeps wine", 4, depends_on=("store",), profile="cellar"),
)


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def stack(backend: FakeBackend, tmp_path: Path) -> Stack:
    def ask(name: str, env: Mapping[str, str]) -> Answer:
        return backend.probe(name)

    probes = {s.name: partial(ask, s.name) for s in SERVICES}
    return Stack(Settings(data=tmp_path), backend, SERVICES, probes)


def test_services_start_after_those_they_depend_on(stack: Stack, backend: FakeBackend) -> None:
    """The order of starting is the order of dependencies, not of the table."""
    stack.up()
    assert backend.calls == ["prepare", "start store", "start till", "start shop"]


def test_services_stop_in_the_opposite_order(stack: Stack, backend: FakeBackend) -> None:
    """Nobody loses a service that it still needs."""
    stack.up()
    backend.calls.clear()
    stack.down()
    assert backend.calls == ["stop shop", "stop cellar", "stop till", "stop store"]


def test_a_second_up_starts_only_what_is_down(stack: Stack, backend: FakeBackend) -> None:
    """``up`` heals: what runs is left alone, what is paused goes on, what crashed starts again."""
    stack.up()
    backend.states |= {"store": State.PAUSED, "till": State.CRASHED}
    backend.calls.clear()
    stack.up()
    assert backend.calls == ["prepare", "resume store", "start till"]


def test_a_service_that_dies_is_reported_with_its_last_lines(
    stack: Stack, backend: FakeBackend
) -> None:
    """The error names the service, its end, its last lines, the log and the next command."""
    backend.dies = {"till"}
    with pytest.raises(NotReady) as caught:
        stack.up()
    text = str(caught.value)
    assert "till is not ready" in text
    assert "it ended (crashed)" in text
    assert "till says goodbye" in text
    assert "/logs/till.log" in text
    assert "lab logs till" in text
    assert "start shop" not in backend.calls, "a service must not start without its foundation"


def test_a_service_that_never_answers_runs_into_its_deadline(
    stack: Stack, backend: FakeBackend
) -> None:
    """A probe that fails until the deadline ends in an error that shows what was seen."""
    backend.deaf = {"store"}
    with pytest.raises(NotReady, match=r"no answer after 0 s: silence"):
        stack.up()


def test_nothing_starts_while_a_port_is_taken(stack: Stack, backend: FakeBackend) -> None:
    """Half a stack on the old ports would be in the way of the remedy, which is to move."""
    backend.busy = {"shop"}
    with pytest.raises(PortBusy):
        stack.up()
    assert backend.calls == ["prepare"]


def test_a_service_on_old_ports_is_moved(stack: Stack, backend: FakeBackend) -> None:
    """After a new LAB_PORT_OFFSET `up` restarts what still runs where nobody looks."""
    stack.up()
    backend.states["till"] = State.MOVED
    backend.calls.clear()
    stack.up()
    assert backend.calls == ["prepare", "stop till", "start till"]


@pytest.mark.parametrize("act", ["kill", "pause"])
def test_breaking_what_is_down_is_an_error(stack: Stack, backend: FakeBackend, act: str) -> None:
    """A fault on a service that does not run is refused and says how to bring it up."""
    with pytest.raises(LabError, match="store is not running"):
        getattr(stack, act)("store")
    assert backend.calls == []


def test_resume_needs_a_pause(stack: Stack) -> None:
    """Resuming what runs is a mistake that is told."""
    stack.up()
    with pytest.raises(LabError, match="store is not paused"):
        stack.resume("store")


def test_only_crashed_services_are_revived(stack: Stack, backend: FakeBackend) -> None:
    """What somebody killed or stopped on purpose stays down until asked for."""
    stack.up()
    stack.kill("shop")
    stack.stop("till")
    backend.states["store"] = State.CRASHED
    assert stack.crashed() == ["store"]
    assert stack.revive("store")
    assert not stack.revive("shop")
    assert backend.states["shop"] is State.KILLED


class TestOptional:
    """A service that starts only when it is asked for, and stays until it is stopped."""

    def test_it_starts_when_it_is_asked_for(self, stack: Stack, backend: FakeBackend) -> None:
        """Neither the first `up` nor the status knows of it; the one that names it does."""
        stack.up()
        assert "cellar" not in {s.name for s in stack.status()}
        stack.up("cellar")
        assert backend.calls[-1] == "start cellar"
        assert {s.name: s.ready for s in stack.status()}["cellar"]

    @pytest.mark.parametrize("state", [State.KILLED, State.CRASHED])
    def test_up_heals_it_once_it_takes_part(
        self, stack: Stack, backend: FakeBackend, state: State
    ) -> None:
        """What is down without having been stopped comes back with the rest."""
        stack.up("cellar")
        backend.states["cellar"] = state
        assert "cellar" in {s.name for s in stack.status()}
        stack.up()
        assert backend.states["cellar"] is State.RUNNING

    @pytest.mark.parametrize("act", [lambda s: s.stop("cellar"), lambda s: s.down()])
    def test_it_is_out_once_it_is_stopped(
        self, stack: Stack, backend: FakeBackend, act: Callable[[Stack], None]
    ) -> None:
        """After `stop` or `down` it must be asked for again."""
        stack.up("cellar")
        act(stack)
        stack.up()
        assert backend.states["cellar"] is State.STOPPED
        assert stack.crashed() == []

    def test_what_it_needs_takes_part_with_it(self, backend: FakeBackend, tmp_path: Path) -> None:
        """A profile starts as a whole; one of it that was stopped comes back for those that need it."""
        wine = (*SERVICES, Service("bar", "pours", 5, depends_on=("cellar",), profile="wine"))
        probes = {s.name: lambda _: Answer(True, "here I am") for s in wine}
        stack = Stack(Settings(data=tmp_path), backend, wine, probes)
        stack.up("wine")
        assert backend.states["cellar"] is State.RUNNING
        stack.stop("cellar")
        stack.up()
        assert backend.states["cellar"] is State.RUNNING

    def test_its_port_may_be_taken_while_nobody_asks_for_it(
        self, stack: Stack, backend: FakeBackend
    ) -> None:
        """Somebody else's server there is no reason not to start the rest."""
        backend.busy = {"cellar"}
        stack.up()
        with pytest.raises(PortBusy, match="cellar"):
            stack.up("cellar")

    def test_a_name_that_is_none_starts_nothing(self, stack: Stack, backend: FakeBackend) -> None:
        """A typo is answered before anything happens."""
        with pytest.raises(LabError, match="no service 'celler'"):
            stack.up("celler")
        assert backend.calls == []


def test_status_shows_what_the_probe_saw(stack: Stack, backend: FakeBackend) -> None:
    """Running and ready are two things: a paused service is not ready, and the port has its offset."""
    stack.up()
    stack.pause("till")
    found = {s.name: s for s in stack.status()}
    assert found["store"].ready
    assert found["store"].seen == "here I am"
    assert (found["till"].state, found["till"].ready) == ("paused", False)
    assert found["shop"].as_dict()["pid"] == 42
    assert found["shop"].port == 1 + stack.settings.port_offset


def test_an_unknown_service_is_answered_with_the_known_ones(stack: Stack) -> None:
    """A typo is answered with the list of names."""
    with pytest.raises(LabError, match="shop, till, store, cellar"):
        stack.logs("stoer")


def test_a_circle_of_dependencies_is_found(tmp_path: Path, backend: FakeBackend) -> None:
    """A table that can never start is refused instead of hanging."""
    circle = (Service("a", "", 1, depends_on=("b",)), Service("b", "", 2, depends_on=("a",)))
    with pytest.raises(LabError, match="circle"):
        Stack(Settings(data=tmp_path), backend, circle, {}).up()
