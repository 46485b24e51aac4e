"""What this machine has and lacks for the labs, with the remedy for each."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlparse

import psutil

from lablib.artifacts import Artifacts
from lablib.backends import State
from lablib.backends.compose import Compose
from lablib.backends.launch import Launcher
from lablib.docker import engine_answers, image_exists
from lablib.errors import PortBusy
from lablib.ports import refuse_busy_port
from lablib.services import CORE
from lablib.settings import Settings
from lablib.stack import Stack
from lablib.versions import versions

GIB = 2**30
MEMORY_NEEDED = 2 * GIB
DISK_NEEDED = 3 * GIB


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. ``needed`` is False for what only some labs want."""

    what: str
    ok: bool
    seen: str
    remedy: str = ""
    needed: bool = True


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything that the labs need; nothing is changed."""
    yield Finding(
        "Python 3.11 or newer",
        sys.version_info >= (3, 11),
        platform.python_version(),
        "install a newer Python, delete .venv, then make setup",
    )
    yield _system()
    yield _memory()
    yield _disk(settings)
    yield _writable(settings)
    stack = Stack(settings)
    docker = _docker(needed=stack.backend.name == "compose")
    yield docker
    if stack.backend.name == "compose" and docker.ok:
        yield _images(settings)
    if stack.backend.name == "processes":
        yield _downloads(settings)
    yield from _ports(stack)


def _system() -> Finding:
    system, machine = platform.system(), platform.machine()
    return Finding(
        "a system that the servers run on",
        system in ("Linux", "Darwin"),
        f"{system} {machine}",
        "on Windows work inside WSL2 (wsl --install), where everything here applies",
    )


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    remedy = "close other programs; the core stack takes about 1 GiB"
    return Finding("2 GiB of free memory", free >= MEMORY_NEEDED, f"{free / GIB:.1f} GiB", remedy)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free
    remedy = "free some space, or clone onto another disk"
    return Finding("3 GiB of free disk", free >= DISK_NEEDED, f"{free / GIB:.1f} GiB", remedy)


def _writable(settings: Settings) -> Finding:
    remedy = "clone into a folder of your own"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe = settings.data / ".writable"
        probe.write_text("yes")
        probe.unlink()
    except OSError as error:
        return Finding("a data folder to write to", False, f"{settings.data}: {error}", remedy)
    return Finding("a data folder to write to", True, str(settings.data))


def _downloads(settings: Settings) -> Finding:
    what = "the Java archives, or a way to fetch them"
    if Launcher(settings, Artifacts(settings)).ready(CORE):
        return Finding(what, True, f"all in {settings.cache_folder}")
    from jgo.maven import MavenContext  # half a second to import

    (address,) = MavenContext().remote_repos.values()
    try:
        socket.create_connection((urlparse(address).hostname, 443), timeout=5).close()
    except OSError as error:
        remedy = "connect to the network once (a proxy goes into HTTPS_PROXY), then lab up"
        return Finding(what, False, f"Maven Central is out of reach: {error}", remedy)
    return Finding(what, True, "not fetched yet; Maven Central answers")


def _images(settings: Settings) -> Finding:
    what = "the images, or a way to build them"
    compose = Compose(settings)
    missing = [name for name in compose.images.names(CORE) if not image_exists(name)]
    if not missing:
        return Finding(what, True, "all here")
    base = versions(settings.stack_files / "versions.env")["BASE_IMAGE"]
    seen = f"not built yet: {', '.join(missing)}"
    if image_exists(base):
        return Finding(what, True, f"{seen}; their base {base} is here")
    return Finding(what, True, f"{seen}; lab up fetches {base} and builds them")


def _ports(stack: Stack) -> Iterator[Finding]:
    for service in stack.services:
        for port in stack.backend.ports(service):
            what = f"port {port} for {service.name}"
            if stack.backend.inspect(service).state in (State.RUNNING, State.PAUSED):
                yield Finding(what, True, "in use by this stack, as it should be")
                continue
            try:
                refuse_busy_port(service, port)
            except PortBusy as error:
                yield Finding(what, False, error.seen or "", error.next or "")
            else:
                yield Finding(what, True, "free")


def _docker(*, needed: bool) -> Finding:
    answers, seen = engine_answers()
    what = "a Docker engine" + ("" if needed else " (for labs 01 to 03 only)")
    remedy = (
        "start Docker, or work without it: LAB_STACK=processes"
        if needed
        else "install Docker; everything else works without it"
    )
    return Finding(what, answers, seen, remedy, needed=needed)


def problems(findings: list[Finding]) -> list[Finding]:
    """Return the findings that keep the core stack from running."""
    return [f for f in findings if f.needed and not f.ok]
