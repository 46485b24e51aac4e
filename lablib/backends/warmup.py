"""Train the Java ahead-of-time caches: a server that has one starts in half the time.

Java 25 writes such a cache when a process ends that ran with ``-XX:AOTCacheOutput``. So broker and
Connect worker are started once on a throw-away folder and stopped again (about ten seconds).
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.status import Status

from lablib.backends.launch import Launch, Launcher
from lablib.errors import LabError
from lablib.ports import HOST
from lablib.probes import Answer, probe_connect, probe_kafka

READY_WITHIN = 90.0


def warm_up(launcher: Launcher) -> None:
    """Make the caches that are missing. Without them everything works, only slower: never fails."""
    caches = {name: launcher.aot_cache(name) for name in ("kafka", "connect")}
    if all(cache.exists() for cache in caches.values()):
        return
    with FileLock(launcher.settings.cache_folder / "warmup.lock"):
        if all(cache.exists() for cache in caches.values()):
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
    port, controller, rest = _free_ports(3)
    partial = {name: folder / f"{name}.aot" for name in caches}
    bootstrap = f"{HOST}:{port}"
    # Without profiles for the second compiler in the cache a server starts on half the CPU-seconds.
    plain = "-XX:TieredStopAtLevel=1"
    output = {name: (f"-XX:AOTCacheOutput={path}", plain) for name, path in partial.items()}
    kafka = launcher.kafka(folder / "kafka", port, controller, output["kafka"])
    connect = launcher.connect(bootstrap, rest, output["connect"])
    clients = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap, "CONNECT_URL": f"http://{HOST}:{rest}"}
    kafka.before()
    running = []
    try:
        with (folder / "log").open("wb") as log:
            running.append(_start(kafka, log.fileno()))
            _wait(lambda: probe_kafka(clients), running[-1])
            running.append(_start(connect, log.fileno()))
            _wait(lambda: probe_connect(clients), running[-1])
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


def _start(launch: Launch, log: int) -> subprocess.Popen[bytes]:
    environment = os.environ | launch.environment
    return subprocess.Popen(
        launch.command, stdout=log, stderr=log, env=environment, cwd=launch.folder
    )


def _wait(probe: Callable[[], Answer], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not (answer := probe()).ready:
        if process.poll() is not None:
            raise TimeoutError(f"the server ended with exit code {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"not ready after {READY_WITHIN:.0f} s: {answer.seen}")
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
