"""The table of services is complete and consistent."""

from __future__ import annotations

from pathlib import Path

from lablib.probes import PROBES
from lablib.services import SERVICES

ROOT = Path(__file__).resolve().parents[2]


def test_every_service_has_a_probe() -> None:
    """Readiness is asked for, never assumed."""
    assert {s.name for s in SERVICES} == set(PROBES)


def test_nobody_depends_on_what_may_be_absent() -> None:
    """A service needs only what `lab up` starts, or what comes with it."""
    profile = {s.name: s.profile for s in SERVICES}
    needs = [(s.profile, profile[other]) for s in SERVICES for other in s.depends_on]
    assert [need for need in needs if need[1] not in ("", need[0])] == []


def test_ports_are_distinct() -> None:
    """No two services want the same port."""
    ports = [port for s in SERVICES for port in s.ports]
    assert len(ports) == len(set(ports))


def test_every_configuration_file_exists() -> None:
    """The table points at files that are there."""
    assert [s.name for s in SERVICES if s.config and not (ROOT / s.config).is_file()] == []
