"""Errors outside the running cell, which a notebook would otherwise pass over in silence."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any


class BackgroundErrors:
    """Collects what threads and asyncio tasks raised since `install`."""

    def __init__(self) -> None:
        """Start with none seen."""
        self.seen: list[str] = []
        self._previous = threading.excepthook

    def install(self) -> None:
        """Listen, in place of an earlier listener; what was printed before is still printed."""
        earlier = getattr(threading.excepthook, "__self__", None)
        if isinstance(earlier, BackgroundErrors):
            self._previous = earlier._previous
        threading.excepthook = self._thread
        try:
            asyncio.get_running_loop().set_exception_handler(self._task)
        except RuntimeError:
            return  # no loop outside a notebook

    def collect(self) -> list[str]:
        """Return all that was seen; tasks that nobody awaited tell their error only when freed."""
        gc.collect()
        return list(self.seen)

    def _thread(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "a thread"
        self.seen.append(f"{name}: {args.exc_type.__name__}: {args.exc_value}")
        self._previous(args)

    def _task(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is not None:
            self.seen.append(f"{context['message']}: {type(error).__name__}: {error}")
        loop.default_exception_handler(context)
