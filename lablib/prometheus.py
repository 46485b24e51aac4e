"""Asks Prometheus how series went on, and gives them as frames of pandas."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import requests
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from urllib3 import Retry

from lablib.errors import LabError
from lablib.panels import Query
from lablib.stack import Stack

if TYPE_CHECKING:
    import pandas as pd

TIMEOUT = 10
REMEDY = "lab up metrics"
POINTS = 150
_DURATION = re.compile(r"(\d+)(ms|[smhd])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def ask(url: str, path: str, **params: str) -> dict[str, Any]:
    """Return what the API of the Prometheus at that address answers to ``/api/v1/<path>``.

    Raises:
        LabError: nobody answers, or refuses.
    """
    try:
        response = httpx.get(
            f"{url}/api/v1/{path}", params=params, timeout=TIMEOUT, trust_env=False
        )
        data: dict[str, Any] = response.raise_for_status().json()["data"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise LabError(f"Prometheus does not answer on {url}.", str(error), REMEDY) from error
    return data


class Prometheus:
    """A Prometheus that answers; LabError if it does not."""

    def __init__(self, source: Stack | str) -> None:
        """Take the stack's, or the one at an address."""
        self.url = source if isinstance(source, str) else source.env["PROMETHEUS_URL"]
        session = requests.Session()
        session.trust_env = False  # it is on this machine: no proxy stands between
        self._client = PrometheusConnect(self.url, retry=Retry(0), session=session, timeout=TIMEOUT)
        self._scraped_every = 0.0

    def read(
        self, queries: Sequence[Query], minutes: float, now: float | None = None
    ) -> pd.DataFrame:
        """Return a column per series and a row per moment, in local time; NaN where is nothing."""
        import pandas as pd

        interval = self._interval()
        step = max(math.ceil(minutes * 60 / POINTS), math.ceil(interval))
        # As Grafana computes it: at least four samples, so that one may be missing.
        rate_interval = f"{math.ceil(max(step + interval, 4 * interval))}s"
        end = int(time.time() if now is None else now) // step * step
        begin = end - int(minutes * 60) // step * step
        zone = datetime.now().astimezone().tzinfo
        columns = [
            column
            for query in queries
            for column in self._ask(query, query.asked(rate_interval), begin, end, step)
        ]
        moments = range(begin, end + step, step)
        frame = pd.concat([c.reindex(moments) for c in columns], axis=1) if columns else None
        index = pd.DatetimeIndex([datetime.fromtimestamp(moment, zone) for moment in moments])
        if frame is None:
            return pd.DataFrame(index=index)
        return frame.set_axis(index, axis=0).dropna(axis=1, how="all")

    def _ask(
        self, query: Query, expression: str, begin: int, end: int, step: int
    ) -> Iterator[pd.Series[float]]:
        import pandas as pd

        span = datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)
        with self._answers():
            answer = self._client.custom_query_range(expression, *span, step=f"{step}s")
        for series in answer:
            samples = {round(at): _finite(value) for at, value in series["values"]}
            yield pd.Series(samples, name=query.name(series["metric"]), dtype=float)

    def _interval(self) -> float:
        """Return how many seconds lie between two scrapes: Prometheus knows best."""
        if not self._scraped_every:
            with self._answers():
                targets = self._client.get_targets("active")["activeTargets"]
            self._scraped_every = max((_seconds(t["scrapeInterval"]) for t in targets), default=15)
        return self._scraped_every

    @contextmanager
    def _answers(self) -> Iterator[None]:
        try:
            yield
        except requests.RequestException as error:
            seen = f"{type(error).__name__}; lab status shows whether it runs"
            raise LabError(f"Prometheus does not answer on {self.url}.", seen, REMEDY) from error
        except PrometheusApiClientException as error:
            raise LabError("Prometheus refuses a question.", f"{self.url}: {error}") from error


def _finite(value: str) -> float:
    number = float(value)
    return number if math.isfinite(number) else math.nan


def _seconds(duration: str) -> float:
    return sum(int(number) * _SECONDS[unit] for number, unit in _DURATION.findall(duration))
