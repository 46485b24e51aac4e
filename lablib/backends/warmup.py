"""Train the Java ahead-of-time caches: a server that has one starts in half the time.

Java 25 writes such a cache when a process ends that ran with ``-XX:AOTCacheOutput``. So the servers are
started once on a throw-away folder and stopped again (about ten seconds).
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import httpx
from filelock import FileLock
from rich.console import Console
from rich.status import Status

from lablib.backends.launch import JARS, Launch, Launcher
from lablib.errors import LabError
from lablib.ports import HOST
from lablib.probes import PROBES, Answer
from lablib.services import Service

READY_WITHIN = 90.0
KEPT = 3


def warm_up(launcher: Launcher, services: Iterable[Service]) -> None:
    """Make the caches that are missing. Without them everything works, only slower: never fails."""
    caches = {s.name: launcher.aot_cache(s.name) for s in services if s.name in JARS}
    if all(cache.exists() for cache in caches.values()):
        return
    with FileLock(launcher.settings.cache_folder / "warmup.lock"):
        caches = {name: cache for name, cache in caches.items() if not cache.exists()}
        if not caches:
            return
        console = Console(stderr=True)
        with (
            Status("Teaching Java to start fast (once, about 15 s) ...", console=console),
            tempfile.TemporaryDirectory(prefix="lab-warmup-") as folder,
        ):
            try:
                _train(launcher, Path(folder), caches)
            except (OSError, TimeoutError, subprocess.SubprocessError, LabError) as error:
                console.print(f"Java's start cache could not be made ({error}); going on without.")


def _train(launcher: Launcher, folder: Path, caches: dict[str, Path]) -> None:
    port, controller, rest, sql, *metrics = _free_ports(7)
    partial = {name: folder / f"{name}.aot" for name in caches}
    bootstrap = f"{HOST}:{port}"
    # Without profiles for the second compiler in the cache a server starts on half the CPU-seconds.
    plain = "-XX:TieredStopAtLevel=1"
    flags = {name: (f"-XX:AOTCacheOutput={path}", plain) for name, path in partial.items()}
    # The others need a broker, so one is started in any case.
    launches = {
        "kafka": launcher.kafka(
            folder / "kafka", (port, controller, metrics[0]), flags.get("kafka", ())
        )
    }
    if "connect" in caches:
        launches["connect"] = launcher.connect(bootstrap, (rest, metrics[1]), flags["connect"])
    if "ksql" in caches:
        launches["ksql"] = launcher.ksql(
            bootstrap, (sql, metrics[2]), folder / "ksql", flags["ksql"]
        )
    clients = {
        "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
        "CONNECT_URL": f"http://{HOST}:{rest}",
        "KSQL_URL": f"http://{HOST}:{sql}",
    }
    running = []
    try:
        with (folder / "log").open("wb") as log:
            for name, launch in launches.items():
                launch.before()
                running.append(_start(launch, log.fileno()))
                _wait(name, clients, running[-1])
            for each in metrics[: len(running)]:
                with suppress(httpx.HTTPError):
                    httpx.get(f"http://{HOST}:{each}/metrics", timeout=10, trust_env=False)
            for process in reversed(running):
                process.terminate()
                process.wait(timeout=60)
    finally:
        for process in running:
            if process.poll() is None:
                process.kill()
                process.wait()
    for name, path in partial.items():
        if path.exists():
            moved = caches[name].with_suffix(".partial")
            moved.write_bytes(path.read_bytes())
            moved.replace(caches[name])
            _forget_old(name, caches[name].parent)


def _forget_old(name: str, folder: Path) -> None:
    """Delete all but the newest caches of a server, 60 MB each: of jars that are used no more."""
    caches = sorted(folder.glob(f"{name}-*.aot"), key=lambda path: path.stat().st_mtime)
    for cache in caches[:-KEPT]:
        cache.unlink(missing_ok=True)


def _start(launch: Launch, log: int) -> subprocess.Popen[bytes]:
    environment = os.environ | launch.environment
    return subprocess.Popen(
        launch.command, stdout=log, stderr=log, env=environment, cwd=launch.folder
    )


def _wait(name: str, clients: Mapping[str, str], process: subprocess.Popen[bytes]) -> None:
    probe: Callable[[Mapping[str, str]], Answer] = PROBES[name]
    deadline = time.monotonic() + READY_WITHIN
    while not (answer := probe(clients)).ready:
        if process.poll() is not None:
            raise TimeoutError(f"{name} ended with exit code {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{name} not ready after {READY_WITHIN:.0f} s: {answer.seen}")
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
