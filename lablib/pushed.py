"""A run's figures for Prometheus: pushed, because a run may be over before anybody asks for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from prometheus_client import Metric, push_to_gateway
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

PERIOD = 1.0
TIMEOUT = 0.5
# A name that nobody resolves takes its own time; the run does not wait for that.
JOIN_WITHIN = 3 * TIMEOUT


class Figures(NamedTuple):
    """What a run did so far, and the events per second that it is meant to reach (None: no number)."""

    events: Mapping[str, int]
    rate_target: float | None


@contextmanager
def pushed(gateway: str | None, topic: str, figures: Callable[[], Figures]) -> Iterator[None]:
    """Push the figures of the run in the ``with`` block, once a second and at its end.

    Where no pushgateway answers, nothing happens. After the end the counts stay there and the rate
    does not: nobody aims at it any more. Two runs on one topic at the same time replace each
    other's figures.

    Args:
        gateway: its address; None pushes nothing.
        topic: what Prometheus knows the run by.
        figures: is called from another thread.
    """
    if gateway is None:
        yield
        return
    over = threading.Event()
    run = _Run(gateway, topic, figures)
    thread = threading.Thread(target=run.push_until, args=[over], name="pushed", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(JOIN_WITHIN)


class _Run(Collector):
    def __init__(self, gateway: str, topic: str, figures: Callable[[], Figures]) -> None:
        self._gateway, self._topic, self._figures = gateway, topic, figures
        self._over = False

    def push_until(self, over: threading.Event) -> None:
        heard = self._push()
        while not over.wait(PERIOD):
            heard = self._push()
        self._over = True
        if heard:  # else the run's end would wait in vain
            self._push()

    def _push(self) -> bool:
        """Return whether the gateway has heard it, or may have: one that hangs reads it later."""
        try:
            push_to_gateway(
                self._gateway,
                job="producer",
                registry=self,
                grouping_key={"topic": self._topic},
                timeout=TIMEOUT,
                handler=_without_proxy,
            )
        except URLError:  # nobody is there, or he refuses
            return False
        except Exception:  # whatever else is wrong, the run goes on
            return True
        return True

    def collect(self) -> Iterator[Metric]:
        events, rate_target = self._figures()
        family = CounterMetricFamily(
            "producer_events", "Events of this run, by what became of them", labels=["result"]
        )
        for result, number in events.items():
            family.add_metric([result], number)
        yield family
        if rate_target is not None and not self._over:
            yield GaugeMetricFamily(
                "producer_rate_target", "Events per second that are aimed at", rate_target
            )


def _without_proxy(
    url: str, method: str, timeout: float | None, headers: Sequence[tuple[str, str]], data: bytes
) -> Callable[[], None]:
    request = Request(url, data, dict(headers), method=method)  # noqa: S310 - the stack's own address

    def send() -> None:
        build_opener(ProxyHandler({})).open(request, timeout=timeout).close()

    return send
