"""Ports of this machine: whether one is free, and who holds it."""

from __future__ import annotations

import socket
import time

import psutil

from lablib.errors import PortBusy
from lablib.services import Service

HOST = "127.0.0.1"
RELEASED_WITHIN = 3.0


def refuse_busy_port(service: Service, port: int) -> None:
    """Raise PortBusy, naming the owner where the system tells, if nobody could listen there.

    A killed server of many threads keeps its sockets a moment longer than its name: a port without
    an owner is waited for.
    """
    deadline = time.monotonic() + RELEASED_WITHIN
    while not _can_listen(port):
        owner = _owner_of(port)
        if owner or time.monotonic() > deadline:
            raise PortBusy(
                f"{service.name} needs port {port} on {HOST}, and it is taken.",
                owner
                or f"the owner belongs to another user (`lsof -iTCP:{port}` as root), or it is a "
                f"container (`docker ps --filter publish={port}`)",
                "end that program, or move this checkout: add LAB_PORT_OFFSET=100 to the file .env",
            )
        time.sleep(0.05)


def _can_listen(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError:
            return False
    return True


def _owner_of(port: int) -> str:
    """Name the process that listens on a port, as far as the system lets us see; else ""."""
    try:
        for connection in psutil.net_connections("tcp"):
            here = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if here and connection.pid:
                owner = psutil.Process(connection.pid)
                return f"{owner.name()} (pid {owner.pid}): {' '.join(owner.cmdline())[:100]}"
    except psutil.Error:
        pass
    return ""
