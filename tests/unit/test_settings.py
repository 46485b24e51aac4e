"""Settings: where they come from, and what a wrong one is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest

from lablib.errors import LabError
from lablib.settings import Settings, find_home, load_settings


def test_the_checkout_is_found_from_a_folder_inside_it(tmp_path: Path) -> None:
    """A notebook in work/ belongs to the checkout above it."""
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "versions.env").touch()
    inside = tmp_path / "work" / "deep"
    inside.mkdir(parents=True)
    assert find_home(inside) == tmp_path


def test_the_file_env_counts_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments before variables before the file."""
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack" / "versions.env").touch()
    (tmp_path / ".env").write_text("LAB_PORT_OFFSET=7\nLAB_STACK=processes\n")
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    for name in ("LAB_PORT_OFFSET", "LAB_DATA", "LAB_STACK"):
        monkeypatch.delenv(name, raising=False)
    assert (load_settings().port_offset, load_settings().stack) == (7, "processes")
    assert load_settings().data == tmp_path / ".lab"
    monkeypatch.setenv("LAB_PORT_OFFSET", "9")
    assert load_settings().port_offset == 9
    assert Settings(port_offset=11).port_offset == 11


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAB_ALERT_WEBHOOK", "hooks/me"),
        ("LAB_PROMETHEUS_SPEED", "500"),
        ("LAB_PORT_OFFSET", "many"),
        ("LAB_PORT_OFFSET", "-1"),
        ("LAB_STACK", "kubernetes"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the variable and the value that was seen."""
    monkeypatch.setenv(name, value)
    with pytest.raises(LabError, match=name) as caught:
        load_settings()
    assert value in str(caught.value)
