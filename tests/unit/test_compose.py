"""The Compose backend's reading of what Docker says, and who chooses it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from lablib.backends import State, select
from lablib.backends.attached import Attached
from lablib.backends.compose import Compose
from lablib.docker import lab_image
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
    monkeypatch.setattr(backend.project, "inspect", lambda name: found)
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

    @pytest.mark.parametrize("name", ["compose", "processes"])
    def test_auto_stays_where_the_data_are(
        self, settings: Settings, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Docker that comes later does not hide a learner's rows; only deleting them frees the choice."""
        monkeypatch.setattr(select, "compose_works", lambda: True)
        select.backend_note(settings).write_text(name)
        assert select.select_backend(settings).name == name

    def test_docker_that_is_away_is_no_empty_stack(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the data in Docker, its absence is told instead of starting without them."""
        monkeypatch.setattr(select, "compose_works", lambda: False)
        select.backend_note(settings).write_text("compose")
        with pytest.raises(LabError, match="data of this checkout are in Docker"):
            select.select_backend(settings)

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


@pytest.mark.stack
@pytest.mark.usefixtures("docker_engine")
def test_another_checkout_s_containers_are_left_alone(tmp_path: Path) -> None:
    """Two folders of the same name would share containers; the second is told to take another name."""
    name = "labkit-same-postgres-1"
    labels = f"--label=com.docker.compose.project.working_dir={tmp_path}"
    build = ["docker", "create", f"--name={name}", labels, lab_image("postgres")]
    subprocess.run(build, check=True, capture_output=True)
    try:
        mine = Compose(Settings(data=tmp_path, COMPOSE_PROJECT_NAME="labkit-same"))
        for act in (mine.inspect, mine.stop, lambda _: mine.wipe()):
            with pytest.raises(LabError, match="Another checkout") as caught:
                act(POSTGRES)
            assert str(tmp_path) in str(caught.value.seen)
    finally:
        subprocess.run(["docker", "rm", name], check=True, capture_output=True)
