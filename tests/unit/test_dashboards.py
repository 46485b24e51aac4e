"""Dashboards: what is committed is what is generated, and what can be drawn of it without Grafana."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard as Model
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from lablib import charts
from lablib.cli import app
from lablib.dashboards import Dashboard, expressions, report, show_dashboard
from lablib.errors import LabError
from lablib.live import LiveDashboard
from lablib.palette import CYCLE, GREY
from lablib.panels import Panel
from lablib.prometheus import Prometheus
from lablib.settings import Settings
from lablib.units import UNITS, axis_label, in_words, tick
from tools.build_dashboards import FOLDER, dashboards

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("sales", "servers")
PANELS = [
    pytest.param(panel, id=f"{name}: {panel.title}")
    for name in NAMES
    for panel in Dashboard.load(name).panels
]
LABS = {
    "00_start_here",
    "01_containers",
    "02_images",
    "03_compose",
    "04_kraft",
    "05_contracts",
    "06_connect",
    "07_ksqldb",
    "08_postgres",
    "09_observability",
    "10_load_and_control",
    "11_chaos",
    "12_forecasting",
}
# What the exporters give, by the name that a query uses.
SERIES = {
    "ALERTS",
    "connect_connector_state",
    "connect_task_state",
    "disk_free_bytes",
    "disk_size_bytes",
    "exporter_look_errors_total",
    "jvm_memory_used_bytes",
    "kafka_connect_sink_task_put_batch_avg_time_ms",
    "kafka_connect_sink_task_put_batch_max_time_ms",
    "kafka_connect_sink_task_sink_record_read_total",
    "kafka_connect_sink_task_sink_record_send_total",
    "kafka_connect_task_error_deadletterqueue_produce_requests",
    "kafka_connect_task_error_total_record_errors",
    "kafka_consumergroup_lag",
    "kafka_controller_kafkacontroller_offlinepartitionscount",
    "kafka_network_requestmetrics_totaltimems",
    "kafka_server_brokertopicmetrics_bytesin_total",
    "kafka_server_brokertopicmetrics_bytesout_total",
    "kafka_server_brokertopicmetrics_messagesin_total",
    "kafka_server_replicamanager_underreplicatedpartitions",
    "kafka_streams_task_dropped_records_total",
    "kafka_streams_thread_process_total",
    "lab_watchdog_restarts_total",
    "pg_database_size_bytes",
    "pg_settings_max_connections",
    "pg_stat_activity_max_tx_duration",
    "pg_stat_database_active_time",
    "pg_stat_database_active_time_seconds_total",
    "pg_stat_database_numbackends",
    "pg_stat_database_tup_inserted",
    "pg_stat_database_xact_commit",
    "pg_up",
    "process_cpu_seconds_total",
    "producer_events_total",
    "producer_rate_target",
    "sales_dead_letters_total",
    "sales_event_to_row_seconds_bucket",
    "sales_events_total",
    "up",
}
WORDS = {"by", "on", "or"}
FUNCTIONS = {
    "count",
    "histogram_quantile",
    "label_replace",
    "max",
    "min",
    "rate",
    "sum",
    "vector",
}


def series_in(expression: str) -> set[str]:
    """Return the names of the series that an expression asks for."""
    text = re.sub(r'"[^"]*"', "", expression)
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", text)
    text = re.sub(r"\b(by|on)\s*\([^)]*\)", r"\1", text)
    return set(re.findall(r"[a-zA-Z_][\w:]*", text)) - WORDS - FUNCTIONS


def recorded() -> set[str]:
    """Return the names that the recording rules define."""
    rules = yaml.safe_load((ROOT / "stack" / "prometheus" / "rules" / "recording.yml").read_text())
    return {rule["record"] for group in rules["groups"] for rule in group["rules"]}


def test_names_of_series_are_found() -> None:
    """The search that other tests rely on: labels, words and functions are no series."""
    query = 'sum by (job, le) (rate(one_total{two="three"}[5m])) or on () max(four:five)'
    assert series_in(query) == {"one_total", "four:five"}


class TestFiles:
    """What lies in stack/grafana."""

    def test_committed_is_generated(self) -> None:
        """Each file is what its source makes of it, and no other file lies there."""
        assert dashboards() == {path: path.read_text() for path in FOLDER.glob("*.json")}

    @pytest.mark.parametrize("name", NAMES)
    def test_the_schema_of_grafana_11_6_knows_every_field(self, name: str) -> None:
        """Read by the schema's own classes and written again, nothing is lost."""
        register_default_plugins()
        board = json.loads((FOLDER / f"{name}.json").read_text())
        again = json.loads(json.dumps(Model.from_json(board), cls=JSONEncoder))
        assert again == board

    @pytest.mark.parametrize("name", NAMES)
    def test_panels_are_told_apart(self, name: str) -> None:
        """By id and by title; and they fill the page's rows."""
        panels = Dashboard.load(name).panels
        assert len({panel.id for panel in panels}) == len(panels)
        assert len({panel.title for panel in panels}) == len(panels)
        assert sum(panel.width for panel in panels) % 24 == 0

    def test_what_provisioning_names_is_there(self) -> None:
        """The dashboards' data source, and the services' inner addresses."""
        folder = ROOT / "stack" / "grafana" / "provisioning"
        sources = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())
        uids = {source["uid"]: source["url"] for source in sources["datasources"]}
        assert uids == {
            "prometheus": "http://prometheus:9090",
            "alertmanager": "http://alertmanager:9094",
        }
        for name in NAMES:
            text = (FOLDER / f"{name}.json").read_text()
            assert set(re.findall(r'"uid": "(.+?)"', text)) == {"prometheus", name}


@pytest.mark.parametrize("panel", PANELS)
class TestPanel:
    """Each panel of each dashboard."""

    def test_it_explains_itself(self, panel: Panel) -> None:
        """It has a unit that is known here, says what good looks like, and names a lab that exists."""
        assert panel.unit in UNITS
        assert " Good: " in panel.description
        named = set(re.findall(r"\bLab (\d\d_\w+) explains it\.$", panel.description))
        assert len(named) == 1
        assert named <= LABS

    def test_its_series_exist(self, panel: Panel) -> None:
        """Every name is one that an exporter gives or a recording rule defines."""
        for query in panel.queries:
            names = series_in(query.expression)
            assert names
            assert names - SERIES - recorded() == set()

    def test_its_colours_are_those_of_the_palette(self, panel: Panel) -> None:
        """People with any colour vision tell them apart; two lines of a colour differ in dashes."""
        colors = [color for _, color in panel.steps]
        colors += [state.color for state in panel.states.values()]
        colors += [look.color for look in panel.looks.values()]
        assert set(colors) <= {*CYCLE, GREY}
        looks = list(panel.looks.values())
        assert len(set(looks)) == len(looks)

    def test_it_is_drawn_with_and_without_data(self, panel: Panel) -> None:
        """Some series, a single sample, values of NaN, nothing: a picture and words for each."""
        times = pd.date_range("2026-01-05 12:00", periods=20, freq="15s", tz="Europe/Berlin")
        ramp = pd.Series(range(20), index=times, dtype=float)
        some = dict.fromkeys([*panel.looks, "another", "one $more$ {with} a name"], ramp % 3)
        single = ramp.where(ramp == 7)
        for frame in (
            pd.DataFrame(some),
            pd.DataFrame({"alone": single}),
            pd.DataFrame(index=times),
        ):
            assert charts.png(charts.draw(panel, frame))[1:4] == b"PNG"
            words = charts.describe(panel, frame)
            assert words.startswith(panel.title)
            assert all(str(name) in words for name in frame.columns)
        assert panel.empty in words


def test_settings_of_a_notebook_do_not_change_pictures() -> None:
    """A lab makes all letters larger and lets matplotlib lay pictures out; these have their own sizes."""
    import matplotlib as mpl

    from lablib.palette import use_palette

    times = pd.date_range("2026-01-05 12:00", periods=20, freq="15s", tz="UTC")
    frame = pd.DataFrame({"events in": range(20)}, index=times, dtype=float)
    panel = Dashboard.load("sales").panel("Sales in, rows out")
    with mpl.rc_context():
        mpl.rcdefaults()
        plain = charts.png(charts.draw(panel, frame))
    with mpl.rc_context():
        use_palette()
        assert charts.png(charts.draw(panel, frame)) == plain


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0, "s", "0 s"),
        (0.0824, "s", "82.4 ms"),
        (5, "s", "5 s"),
        (90, "s", "90 s"),
        (300, "s", "5 min"),
        (7200, "s", "2 h"),
        (12, "ms", "12 ms"),
        (2500, "ms", "2.5 s"),
        (0.951, "percentunit", "95.1 %"),
        (-19, "percentunit", "-1900 %"),
        (201.4, "suffix:/s", "201/s"),
        (14.4, "suffix:x", "14.4x"),
        (12345, "short", "12.3k"),
        (999.9, "short", "1k"),
        (3, "none", "3"),
        (90e6, "decbytes", "90 MB"),
        (1500, "Bps", "1.5 kB/s"),
        (0.0000123, "short", "1e-05"),
        (float("nan"), "s", "nothing"),
    ],
)
def test_values_in_words(value: float, unit: str, words: str) -> None:
    """Three digits and a unit that people say."""
    assert in_words(value, unit) == words


@given(st.floats(-1e12, 1e12), st.sampled_from(UNITS))
def test_any_value_has_words(value: float, unit: str) -> None:
    """An axis without a name has its unit at each number."""
    assert in_words(value, unit)
    assert tick(value, unit)
    assert axis_label(unit) or tick(value, unit) == in_words(value, unit)


# -- a Prometheus that answers what a test wants ---------------------------------------------------


class Canned:
    """Answers range queries: with ``series`` for expressions in it, else with nothing."""

    def __init__(self) -> None:
        self.series: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[dict[str, str]] = []
        self.interval = "1s"
        self.status = 200

    def answer(self, path: str) -> dict[str, Any]:
        url = urlsplit(path)
        if url.path == "/api/v1/targets":
            return {"activeTargets": [{"scrapeInterval": self.interval}], "droppedTargets": []}
        assert url.path == "/api/v1/query_range"
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        self.asked.append(query)
        start, end, step = float(query["start"]), float(query["end"]), int(query["step"][:-1])
        moments = [start + step * n for n in range(int((end - start) // step) + 1)]
        result = [
            {
                "metric": series["metric"],
                "values": [
                    [at, value]
                    for at, value in zip(moments, series["values"], strict=False)
                    if value is not None
                ],
            }
            for series in self.series.get(query["query"], [])
        ]
        return {"resultType": "matrix", "result": result}


@pytest.fixture
def canned() -> Iterator[tuple[Canned, str]]:
    """Give a Prometheus on this machine, and its address."""
    answers = Canned()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"status": "success", "data": answers.answer(self.path)}).encode()
            self.send_response(answers.status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answers, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class TestReading:
    """What Prometheus answers becomes a frame."""

    def test_series_become_columns(self, canned: tuple[Canned, str]) -> None:
        """Named by the legend, in local time; a gap and what is not a number are NaN."""
        answers, url = canned
        board = Dashboard.load("sales")
        panel = board.panel("Sales by quality")
        expression = panel.queries[0].asked("4s")
        answers.series[expression] = [
            {"metric": {"quality": "valid"}, "values": ["1", None, "3"] + ["4"] * 58},
            {"metric": {"quality": "late"}, "values": ["NaN", "+Inf", "0.5"]},
            {"metric": {"quality": "invalid"}, "values": ["NaN"]},
        ]
        frame = board.read(panel, url, minutes=1)
        assert list(frame.columns) == ["valid", "late"]
        assert len(frame) == 61
        assert frame["valid"].isna().sum() == 1
        assert frame["valid"].iloc[2] == 3
        assert frame["late"].dropna().tolist() == [0.5]
        index = frame.index
        assert isinstance(index, pd.DatetimeIndex)
        assert index.tz is not None
        assert index[0].timestamp() == float(answers.asked[0]["start"])

    def test_nothing_becomes_an_empty_frame(self, canned: tuple[Canned, str]) -> None:
        """It still has its moments, so that the picture shows the time."""
        _, url = canned
        board = Dashboard.load("sales")
        frame = board.read(board.panels[0], url, minutes=1)
        assert frame.empty
        assert len(frame.index) == 61
        assert charts.png(board.figure(board.panels[0], url))

    @pytest.mark.parametrize(
        ("interval", "minutes", "step", "window"),
        [("1s", 1, 1, "4s"), ("1s", 15, 6, "7s"), ("15s", 5, 15, "60s"), ("1m30s", 5, 90, "360s")],
    )
    def test_the_window_of_a_rate_depends_on_how_often_is_scraped(
        self, canned: tuple[Canned, str], interval: str, minutes: float, step: int, window: str
    ) -> None:
        """Four scrapes at least, as Grafana has it."""
        answers, url = canned
        answers.interval = interval
        panel = Dashboard.load("sales").panel("Sales by quality")
        Prometheus(url).read(panel.queries, minutes)
        assert answers.asked[0]["query"] == panel.queries[0].asked(window)
        assert answers.asked[0]["step"] == f"{step}s"

    def test_moments_lie_on_the_step(self, canned: tuple[Canned, str]) -> None:
        """Two looks shortly after each other ask for the same moments, or lines would tremble."""
        answers, url = canned
        prometheus, panel = Prometheus(url), Dashboard.load("sales").panels[0]
        for now in (1_800_000_001.2, 1_800_000_003.9):
            prometheus.read(panel.queries, 10, now)
        assert {(a["start"], a["end"]) for a in answers.asked} == {("1799999400", "1800000000")}

    def test_who_does_not_answer_is_named(self) -> None:
        """With the command that helps."""
        board = Dashboard.load("sales")
        with pytest.raises(LabError, match="lab up metrics"):
            board.read(board.panels[0], "http://127.0.0.1:1")

    def test_a_refusal_is_an_error(self, canned: tuple[Canned, str]) -> None:
        """Not an empty picture."""
        answers, url = canned
        answers.status = 422
        board = Dashboard.load("sales")
        with pytest.raises(LabError, match="refuses"):
            board.read(board.panels[0], url)

    def test_names_that_are_not_there(self) -> None:
        """A dashboard and a panel: those that are there are listed."""
        with pytest.raises(LabError, match="sales, servers"):
            Dashboard.load("sale")
        with pytest.raises(LabError, match="Quality"):
            Dashboard.load("sales").panel("Qualities")

    def test_expressions_can_be_asked_as_they_are(self) -> None:
        """No variable of Grafana's is left in them."""
        for name in NAMES:
            assert not [e for e in expressions(Dashboard.load(name)) if "$" in e]


class TestShowing:
    """A page of its own, and widgets."""

    def test_a_report_needs_nothing_else(self, canned: tuple[Canned, str], tmp_path: Path) -> None:
        """Pictures with words for each panel, its description, and no address but Prometheus'."""
        answers, url = canned
        answers.series["sales:events_in:rate5m"] = [{"metric": {}, "values": ["201.4"] * 200}]
        path = report(url, "sales", 2, tmp_path / "new" / "sales.html")
        text = path.read_text()
        board = Dashboard.load("sales")
        assert text.count("<img alt=") == text.count("<figcaption>") == len(board.panels)
        assert "Sales in: events in is 201/s (from 201/s to 201/s)." in text
        assert "An alert" not in text
        assert set(re.findall(r"https?://[^\s<]+", text)) == {f"{url}."}
        assert "src=" not in text.replace('src="data:image/png;base64,', "")

    def test_the_command(
        self, canned: tuple[Canned, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`lab dashboard` says where the page is."""
        _, url = canned
        monkeypatch.setattr("lablib.cli._stack", lambda: url)
        path = tmp_path / "page.html"
        done = CliRunner().invoke(
            app, ["dashboard", "servers", "--minutes", "1", "--html", str(path)]
        )
        assert done.exit_code == 0, done.output
        assert str(path) in done.output.replace("\n", "")
        assert "Servers: what sales run on" in path.read_text()

    @pytest.fixture
    def live(self, canned: tuple[Canned, str]) -> Iterator[LiveDashboard]:
        """Give a small dashboard that looks often."""
        board = Dashboard.load("sales")
        small = Dashboard("small", "A small one", "", board.panels[:2])
        live = LiveDashboard(small, Prometheus(canned[1]), 1)
        yield live
        live.stop()

    def test_it_keeps_itself_current(self, canned: tuple[Canned, str], live: LiveDashboard) -> None:
        """Until it is paused; then it goes on, and ends for good when it is stopped."""
        answers, _ = canned
        live.show(every=0.02)
        thread = live.thread
        assert thread is not None
        grid = live.widget.children[1]
        assert all("<img alt=" in place.value for place in grid.children)

        def looks_again() -> bool:
            before = len(answers.asked)
            return eventually(lambda: len(answers.asked) > before + 2)

        assert looks_again()
        live.paused = True
        with live.looking:
            answers.asked.clear()
        thread.join(0.3)
        assert len(answers.asked) <= 2
        live.paused = False
        assert looks_again()
        live.stop()
        thread.join(10)
        assert not thread.is_alive()

    def test_a_new_one_takes_the_place_of_the_old(
        self, canned: tuple[Canned, str], live: LiveDashboard
    ) -> None:
        """A cell that is run again does not leave a thread behind."""
        live.show(every=0.02)
        again = LiveDashboard(live.dashboard, live.prometheus, 1)
        again.show(every=0)
        assert live.thread is not None
        live.thread.join(10)
        assert not live.thread.is_alive()
        assert again.thread is None

    def test_it_says_who_does_not_answer(
        self, canned: tuple[Canned, str], live: LiveDashboard
    ) -> None:
        """In its line, and goes on; the pictures stay."""
        answers, _ = canned
        live.refresh()
        answers.status = 500
        live.refresh()
        assert "Prometheus refuses" in live.line
        assert "<img" in live.widget.children[1].children[0].value
        answers.status = 200
        live.refresh()
        assert "as of" in live.line

    def test_as_a_notebook_calls_it(
        self, canned: tuple[Canned, str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It is displayed, and has all panels of the dashboard."""
        shown = show_dashboard(canned[1], "servers", minutes=1, every=0)
        assert "VBox" in capsys.readouterr().out
        assert len(shown.widget.children[1].children) == len(Dashboard.load("servers").panels)


def eventually(true: Any) -> bool:
    """Return whether it becomes true within some seconds."""
    wait = threading.Event()
    for _ in range(500):
        if true():
            return True
        wait.wait(0.02)
    return False


def test_settings_choose_the_checkout(tmp_path: Path) -> None:
    """The dashboards of another checkout are found there."""
    with pytest.raises(LabError):
        Dashboard.load("sales", Settings(home=tmp_path))
