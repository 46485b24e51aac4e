"""What a producer's run tells the pushgateway, and that it never suffers from it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lablib.pushed import JOIN_WITHIN, Figures, pushed

Push = tuple[str, dict[str, float]]


class Gateway(ThreadingHTTPServer):
    """A pushgateway that keeps what it was told, in order."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.pushes = status, list[Push]()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers pushes."""

    server: Gateway

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        samples = [s for family in text_string_to_metric_families(body) for s in family.samples]
        figures = {"/".join([s.name, *s.labels.values()]): s.value for s in samples}
        self.server.pushes.append((self.path, figures))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Give a gateway that answers."""
    with Gateway() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def pushing() -> bool:
    return any(thread.name == "pushed" for thread in threading.enumerate())


def test_figures_are_pushed_while_a_run_goes_on_and_at_its_end(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last push has the last counts and no rate: nobody aims at it any more."""
    monkeypatch.setattr("lablib.pushed.PERIOD", 0.01)
    sent = 0
    with pushed(gateway.url, "sales", lambda: Figures({"sent": sent, "failed": 1}, 50.0)):
        deadline = time.monotonic() + 10
        while len(gateway.pushes) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        sent = 7
    assert not pushing()
    first, *_, last = gateway.pushes
    assert len(gateway.pushes) >= 4
    assert first == (
        "/metrics/job/producer/topic/sales",
        {
            "producer_events_total/sent": 0,
            "producer_events_total/failed": 1,
            "producer_rate_target": 50,
        },
    )
    assert last[1] == {"producer_events_total/sent": 7, "producer_events_total/failed": 1}


def test_a_run_without_a_rate_pushes_none(gateway: Gateway) -> None:
    """A gauge that says nothing true is not there."""
    with pushed(gateway.url, "a/b", lambda: Figures({"sent": 1}, None)):
        pass
    assert gateway.pushes[0][0] == "/metrics/job/producer/topic@base64/YS9i"
    assert all("producer_rate_target" not in figures for _, figures in gateway.pushes)


def test_a_proxy_of_the_environment_is_passed_by(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway is on this machine, whatever the way to the internet is."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with pushed(gateway.url, "sales", lambda: Figures({"sent": 1}, None)):
        pass
    assert gateway.pushes


def closed_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_nobody_listens(capfd: pytest.CaptureFixture[str]) -> None:
    """A refused connection is passed over at once, and silently."""
    begin = time.monotonic()
    with pushed(closed_port(), "sales", lambda: Figures({"sent": 1}, 50.0)):
        pass
    assert time.monotonic() - begin < 1
    assert not pushing()
    assert capfd.readouterr() == ("", "")


def test_a_gateway_that_hangs_costs_little() -> None:
    """It takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        with pushed(f"http://127.0.0.1:{silent.getsockname()[1]}", "sales", lambda: Figures({}, 1)):
            assert time.monotonic() - begin < 0.2
        assert time.monotonic() - begin < 2 * JOIN_WITHIN
        assert not pushing()


@pytest.mark.parametrize("failure", [LookupError, KeyboardInterrupt])
def test_a_failing_run_fails_as_it_would(gateway: Gateway, failure: type[BaseException]) -> None:
    """Its error comes through, and its last figures are pushed before; a gateway may fail, too."""
    with pytest.raises(failure), pushed(gateway.url, "sales", lambda: Figures({"sent": 1}, 1)):
        raise failure
    assert not pushing()
    assert "producer_rate_target" not in gateway.pushes[-1][1]
    gateway.status = 500
    with pytest.raises(failure), pushed(gateway.url, "sales", lambda: Figures({"sent": 1}, 1)):
        raise failure


def test_figures_that_raise_do_not_end_the_run(gateway: Gateway) -> None:
    """Whatever is wrong with the figures, nothing is pushed and nothing is raised."""

    def broken() -> Figures:
        raise LookupError

    with pushed(gateway.url, "sales", broken):
        pass
    assert not gateway.pushes
    assert not pushing()


def test_without_a_gateway_there_is_no_thread() -> None:
    """A stack of an older edition has no such address."""
    with pushed(None, "sales", lambda: Figures({}, 1)):
        assert not pushing()
