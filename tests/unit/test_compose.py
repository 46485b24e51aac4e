"""The Compose backend's reading of what Docker says, and who chooses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lablib.backends import State, select
from lablib.backends.attached import Attached
from lablib.backends.compose import Compose
from lablib.errors import LabError
from lablib.services import SERVICES, find_service
from lablib.settings import Settings, project_name

POSTGRES = find_service("postgres")


def container(
    status: str, code: int = 0, port: int = 15432, *, oom: bool = False
) -> dict[str, Any]:
    """Return the part of `docker inspect` that counts."""
    state = {"Status": status, "Paused": status == "paused", "ExitCode": code, "OOMKilled": oom}
    ports = {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    return {"State": state, "HostConfig": {"PortBindings": ports}}


@pytest.mark.parametrize(
    ("found", "state"),
    [
        ({}, State.STOPPED),
        (container("created"), State.STOPPED),
        (container("running"), State.RUNNING),
        (container("running", port=15532), State.MOVED),
        (container("paused"), State.PAUSED),
        (container("restarting", 1), State.CRASHED),
        (container("exited", 0), State.STOPPED),
        (container("exited", 143), State.STOPPED),
        (container("exited", 137), State.KILLED),
        (container("exited", 137, oom=True), State.CRASHED),
        (container("exited", 1), State.CRASHED),
    ],
)
def test_what_docker_says_becomes_a_state(
    found: dict[str, Any], state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exit code tells an orderly end, a kill and a crash apart; memory that ran out is a crash."""
    backend = Compose(Settings(data=tmp_path, port_offset=0))
    monkeypatch.setattr(backend, "_inspect", lambda name: found)
    assert backend.inspect(POSTGRES).state is state


def test_a_checkout_has_compose_s_own_name_for_it(tmp_path: Path) -> None:
    """So that bare `docker compose` finds what `lab` started; other data are another project."""
    home = tmp_path / "Lab Kit.2"
    assert project_name(home, home / ".lab") == "labkit2"
    other = project_name(home, tmp_path / "elsewhere")
    assert other.startswith("labkit2-")
    assert other != project_name(home, tmp_path / "third")


class TestChoice:
    """`auto` takes Compose where it works, and leaves alone what runs as processes."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data=tmp_path, stack="auto")

    @pytest.mark.parametrize(("works", "name"), [(True, "compose"), (False, "processes")])
    def test_auto(
        self, settings: Settings, works: bool, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An engine that answers decides."""
        monkeypatch.setattr(select, "compose_works", lambda: works)
        assert select.select_backend(settings).name == name

    def test_processes_that_run_stay(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Their ports are taken, and the learner's data are in them."""
        monkeypatch.setattr(select, "compose_works", lambda: True)
        monkeypatch.setattr("lablib.backends.processes.Processes.in_use", lambda self: True)
        assert select.select_backend(settings).name == "processes"

    @pytest.mark.parametrize("name", ["compose", "processes", "attached"])
    def test_what_was_asked_for_is_taken(self, tmp_path: Path, name: str) -> None:
        """LAB_STACK is an order, not a wish."""
        chosen = Settings.model_validate({"data": tmp_path, "stack": name})
        assert select.select_backend(chosen).name == name


@pytest.mark.parametrize("act", ["start", "stop", "kill", "pause", "resume"])
@pytest.mark.parametrize("service", SERVICES, ids=lambda s: s.name)
def test_a_container_tells_what_to_type_outside(act: str, service: Any) -> None:
    """JupyterLab in a container has no engine: each act names the command for the host."""
    with pytest.raises(LabError, match="runs in a container") as caught:
        getattr(Attached(), act)(service)
    assert "docker compose" in str(caught.value.next)
    assert service.name in str(caught.value.next)
