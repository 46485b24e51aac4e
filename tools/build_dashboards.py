"""Write Grafana's dashboards, ``stack/grafana/dashboards/*.json``, from what stands here.

``lablib.dashboards`` draws the same files in a notebook. So only such kinds of panels stand here as
both can draw: lines, states over time, and single numbers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders import common, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as grafana
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    TimeZoneBrowser,
    VisibilityMode,
)

from lablib import palette
from lablib.quality import REASONS, Quality
from lablib.services import SERVICES

FOLDER = Path(__file__).resolve().parent.parent / "stack" / "grafana" / "dashboards"
SOURCE = grafana.DataSourceRef(type_val="prometheus", uid="prometheus")
DASHES: tuple[Sequence[float], ...] = ((), (10, 5), (3, 4), (12, 4, 3, 4))
PER_SECOND = "suffix:/s"

GOOD, WATCH, ACT = palette.GREEN, palette.ORANGE, palette.VERMILION
STATES = {
    "RUNNING": palette.GREEN,
    "PAUSED": palette.YELLOW,
    "FAILED": palette.VERMILION,
    "UNASSIGNED": palette.PURPLE,
    "STOPPED": palette.GREY,
    "RESTARTING": palette.SKY,
}
JOBS = tuple(service.job for service in SERVICES)

Steps = Sequence[tuple[float | None, str]]
Builder = stat.Panel | statetimeline.Panel | timeseries.Panel


class Text(NamedTuple):
    """What a panel says of itself. ``lab`` is the stem of the lab that explains it."""

    what: str
    good: str
    lab: str

    def __str__(self) -> str:
        return f"{self.what} Good: {self.good} Lab {self.lab} explains it."


class Size(NamedTuple):
    """Width in 24ths of the page, and height."""

    width: int = 12
    height: int = 8


SMALL, THIRD, HALF = Size(4, 4), Size(8, 8), Size()


def _dressed(
    panel: Builder, title: str, text: Text, queries: Iterable[tuple[str, str]], size: Size
) -> None:
    panel.title(title).description(str(text)).datasource(SOURCE)
    panel.span(size.width).height(size.height)
    for letter, (expr, legend) in zip("ABCDEFGH", queries, strict=False):
        query = Dataquery().expr(expr).legend_format(legend).ref_id(letter).range()
        panel.with_target(query.datasource(SOURCE))


def _thresholds(steps: Steps) -> build.ThresholdsConfig:
    found = [grafana.Threshold(value=value, color=color) for value, color in steps]
    return build.ThresholdsConfig().mode(grafana.ThresholdsMode.ABSOLUTE).steps(found)


def number(
    title: str, unit: str, text: Text, *queries: tuple[str, str], steps: Steps = ()
) -> stat.Panel:
    """Return a panel with the latest value, and its course behind it."""
    panel = stat.Panel().unit(unit).graph_mode(BigValueGraphMode.AREA)
    panel.color_mode(BigValueColorMode.VALUE).no_value("nothing yet")
    panel.thresholds(_thresholds(steps or [(None, palette.BLUE)]))
    panel.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    _dressed(panel, title, text, queries, SMALL)
    return panel


def lines(
    title: str,
    unit: str,
    text: Text,
    *queries: tuple[str, str],
    names: Iterable[str] = (),
    steps: Steps = (),
    size: Size = HALF,
    least: float | None = 0,
    most: float | None = None,
    empty: str = "",
) -> timeseries.Panel:
    """Return a panel with a line per series.

    Args:
        title: what it shows.
        unit: Grafana's name of the unit.
        text: what it says of itself.
        queries: expressions with their legends.
        names: the values that a legend with a label may have, in the order of their colours.
        steps: from which value on it is how good.
        size: width and height.
        least: the value at the foot.
        most: the value at the top.
        empty: what to say when there is no data.
    """
    panel = timeseries.Panel().unit(unit).line_width(2).fill_opacity(0)
    panel.show_points(VisibilityMode.NEVER).span_nulls(False)
    legend = common.VizLegendOptions().show_legend(True).placement(LegendPlacement.BOTTOM)
    panel.legend(legend.display_mode(LegendDisplayMode.LIST).calcs([]))
    if least is not None:
        panel.min(least)
    if most is not None:
        panel.max(most)
    if empty:
        panel.no_value(empty)
    if steps:
        panel.thresholds(_thresholds(steps))
        style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        panel.thresholds_style(style)
    known = list(names) or [legend for _, legend in queries if "{{" not in legend]
    for index, name in enumerate(known):
        color = {"mode": "fixed", "fixedColor": palette.CYCLE[index % len(palette.CYCLE)]}
        properties = [grafana.DynamicConfigValue(id_val="color", value=color)]
        if dash := DASHES[(index + index // len(palette.CYCLE)) % len(DASHES)]:
            line = {"fill": "dash", "dash": list(dash)}
            properties.append(grafana.DynamicConfigValue(id_val="custom.lineStyle", value=line))
        panel.override_by_name(name, properties)
    _dressed(panel, title, text, queries, size)
    return panel


def states(
    title: str,
    text: Text,
    *queries: tuple[str, str],
    values: Iterable[tuple[int, str, str]],
    empty: str = "",
) -> statetimeline.Panel:
    """Return a panel with a row per series, whose values are states: number, name, colour."""
    panel = statetimeline.Panel().unit("none").merge_values(True).show_value(VisibilityMode.AUTO)
    panel.row_height(0.8).fill_opacity(90)
    panel.legend(common.VizLegendOptions().show_legend(False))
    results = {
        str(value): grafana.ValueMappingResult(text=name, color=color, index=index)
        for index, (value, name, color) in enumerate(values)
    }
    panel.mappings([grafana.ValueMap(options=results)])
    if empty:
        panel.no_value(empty)
    _dressed(panel, title, text, queries, HALF)
    return panel


def _state_numbers(series: str, labels: str) -> str:
    """Return an expression that is 1 while RUNNING, 2 while PAUSED and so on."""
    terms = (f'{n} * {series}{{state="{state}"}}' for n, state in enumerate(STATES, 1))
    return f"sum by ({labels}) (\n  " + "\n  or ".join(terms) + "\n)"


def _quantile(share: float, since: str) -> str:
    rate = f'rate(sales_event_to_row_seconds_bucket{{since="{since}"}}[$__rate_interval])'
    return f"histogram_quantile({share}, sum by (le) ({rate}))"


def _rate(series: str, by: str = "") -> str:
    return f"sum{f' by ({by}) ' if by else ''}(rate({series}[$__rate_interval]))"


def _burn(title: str, what: str, series: str, allowed: float) -> timeseries.Panel:
    windows = ("5m", "30m", "1h", "6h")
    return lines(
        title,
        "suffix:x",
        Text(
            f"How fast the budget of the {what} objective is being spent, over four windows. At 1 it "
            "lasts just as long as it should. The critical alert needs 14.4 in both 1h and 5m, the "
            "warning 6 in both 6h and 30m.",
            "below 1 in the long windows; a peak in the 5m one alone is no reason to get up.",
            "09_observability",
        ),
        *((f"{series}:ratio_rate{window} / {allowed}", window) for window in windows),
        steps=[(None, GOOD), (6, WATCH), (14.4, ACT)],
        size=THIRD,
    )


def sales() -> Iterator[Builder]:
    """Yield the panels of the story: sales go in, rows come out."""
    yield number(
        "Alerts firing",
        "none",
        Text("How many alerts fire now.", "0.", "09_observability"),
        ('count(ALERTS{alertstate="firing"}) or vector(0)', "alerts"),
        steps=[(None, GOOD), (1, ACT)],
    )
    yield number(
        "Sales in",
        PER_SECOND,
        Text("Events per second that come into topic sales.", "what shops send.", "04_kraft"),
        ("sales:events_in:rate5m", "events in"),
    )
    yield number(
        "Sent to row, p95",
        "s",
        Text(
            "95 of 100 rows took less time than this from sending to the table.",
            "below 0.3 s; the objective is 5 s for 99 of 100.",
            "09_observability",
        ),
        ("sales:event_to_row_seconds:p95", "p95"),
        steps=[(None, GOOD), (1, WATCH), (5, ACT)],
    )
    yield number(
        "Sink lag",
        "s",
        Text(
            "For how long the oldest sale has waited that the sink has not read.",
            "about a second; from 60 s on an alert fires.",
            "06_connect",
        ),
        ("sales:sink_lag:seconds", "lag"),
        steps=[(None, GOOD), (60, WATCH), (300, ACT)],
    )
    yield number(
        "Quality",
        "percentunit",
        Text(
            "The share of events that are valid, unique and on time.",
            "above 95 %.",
            "07_ksqldb",
        ),
        ("sales:quality:ratio5m", "quality"),
        steps=[(None, ACT), (0.95, GOOD)],
    )
    yield number(
        "Budgets left now",
        "percentunit",
        Text(
            "What is left of the two error budgets, over 6 hours: 1 % of the rows may take longer "
            "than 5 s, 0.1 % of the events may end as dead letters.",
            "more than half; below 0 the promise is broken.",
            "09_observability",
        ),
        ("slo:event_to_row:budget_left", "latency"),
        ("slo:delivery:budget_left", "delivery"),
        steps=[(None, ACT), (0, WATCH), (0.5, GOOD)],
    )
    yield lines(
        "Sales in, rows out",
        PER_SECOND,
        Text(
            "Events that come into Kafka, rows that come into Postgres, and what a producer aims at.",
            "the lines lie on each other. Broken events become no rows, duplicates no new ones.",
            "00_start_here",
        ),
        ("sales:events_in:rate5m", "events in"),
        ("sales:rows_out:rate5m", "rows out"),
        ("max(producer_rate_target)", "aimed at"),
        empty="Nothing yet. Try: lab produce",
    )
    yield lines(
        "From sending to row",
        "s",
        Text(
            "How long rows took from sending to the table: half of them less than p50, 99 of 100 less "
            "than p99. They are computed from buckets, so they are estimates.",
            "p95 below 0.3 s, p99 far below the objective of 5 s.",
            "09_observability",
        ),
        ("sales:event_to_row_seconds:p50", "p50"),
        ("sales:event_to_row_seconds:p95", "p95"),
        ("sales:event_to_row_seconds:p99", "p99"),
        steps=[(None, GOOD), (5, ACT)],
        empty="No new rows, so nothing took any time.",
    )
    yield lines(
        "Lag in time",
        "s",
        Text(
            "For how long the oldest record has waited that a group has not read.",
            "about a second each; 60 s is a warning, 300 s critical.",
            "04_kraft",
        ),
        ("pipeline:group_lag:seconds", "{{group}}"),
        names=("connect-sales-sink", "connect-aggregates-sink", "connect-top-skus-sink"),
        steps=[(None, GOOD), (60, WATCH), (300, ACT)],
    )
    yield lines(
        "Lag in records",
        "short",
        Text(
            "Records that a group has not read yet, over all its partitions.",
            "small beside the records per second. A line that only rises: the group is too slow or dead.",
            "04_kraft",
        ),
        ("sum by (group) (kafka_consumergroup_lag)", "{{group}}"),
        names=("connect-sales-sink", "connect-aggregates-sink", "connect-top-skus-sink"),
    )
    yield states(
        "Connectors and tasks",
        Text(
            "The state of each connector, and of each of its tasks. A connector that is RUNNING may "
            "have a task that is FAILED.",
            "RUNNING, all of them, all the time.",
            "06_connect",
        ),
        (_state_numbers("connect_connector_state", "connector"), "{{connector}}"),
        (_state_numbers("connect_task_state", "connector, task"), "{{connector}} task {{task}}"),
        values=[(n, state, color) for n, (state, color) in enumerate(STATES.items(), 1)],
        empty="No connectors. Try: lab up",
    )
    yield states(
        "Alerts",
        Text(
            "Which alerts were pending (true, but not for long enough) and firing.",
            "an empty picture.",
            "09_observability",
        ),
        (
            """max by (alertname, severity) (
  ALERTS{alertstate="pending"}
  or 2 * ALERTS{alertstate="firing"}
)""",
            "{{alertname}} {{severity}}",
        ),
        values=[(1, "pending", WATCH), (2, "firing", ACT)],
        empty="No alert.",
    )
    yield lines(
        "Dead letters by reason",
        PER_SECOND,
        Text(
            "Events that the sink could not take, by the field that was wrong.",
            "none. Some of one reason: ask who sends it. Many of all: ask what was deployed.",
            "06_connect",
        ),
        (_rate("sales_dead_letters_total", "reason"), "{{reason}}"),
        names=REASONS,
        empty="No dead letter yet.",
    )
    yield lines(
        "Sales by quality",
        PER_SECOND,
        Text(
            "Events by what they are: valid; late, which is more than 60 s behind the newest; a "
            "duplicate; invalid.",
            "nearly all valid.",
            "07_ksqldb",
        ),
        (_rate("sales_events_total", "quality"), "{{quality}}"),
        names=[Quality.VALID, Quality.LATE, Quality.DUPLICATE, Quality.INVALID],
    )
    yield lines(
        "Budgets left",
        "percentunit",
        Text(
            "What is left of the two error budgets, over 6 hours.",
            "above 50 %. A line that falls steeply is what the burn rates beside it are about.",
            "09_observability",
        ),
        ("slo:event_to_row:budget_left", "latency"),
        ("slo:delivery:budget_left", "delivery"),
        steps=[(None, ACT), (0, WATCH), (0.5, GOOD)],
        size=THIRD,
        least=None,
        most=1,
    )
    yield _burn("Latency: burn rate", "latency", "sales:slow_rows", 0.01)
    yield _burn("Delivery: burn rate", "delivery", "sales:undelivered", 0.001)
    yield lines(
        "From event to row",
        "s",
        Text(
            "As above, but since the sale happened: how old it is when a report can show it.",
            "a little more than from sending. What is far above: late events.",
            "07_ksqldb",
        ),
        (_quantile(0.5, "event"), "p50"),
        (_quantile(0.95, "event"), "p95"),
        empty="No new rows, so none is old.",
    )
    yield lines(
        "What producers say",
        PER_SECOND,
        Text(
            "Events of the present run, by what became of them. Unknown: sent, and no answer came.",
            "sent and acknowledged lie on each other, failed and unknown at 0.",
            "04_kraft",
        ),
        (_rate("producer_events_total", "result"), "{{result}}"),
        names=("sent", "acknowledged", "failed", "unknown"),
        empty="No producer has said anything yet.",
    )


def servers() -> Iterator[Builder]:
    """Yield the panels of what the story runs on."""
    yield states(
        "Who answers",
        Text(
            "Whether each target answers Prometheus; for Postgres also whether it answers its exporter.",
            "up, all the time.",
            "09_observability",
        ),
        ("min by (job) (up)", "{{job}}"),
        ("min(pg_up)", "postgres itself"),
        values=[(0, "down", ACT), (1, "up", GOOD)],
    )
    yield lines(
        "Restarts by the watchdog",
        "short",
        Text(
            "What the watchdog has restarted since it began: failed connectors, crashed services.",
            "a flat line. A stair: something fails again and again.",
            "06_connect",
        ),
        (
            """sum by (name) (lab_watchdog_restarts_total)
  or on () label_replace(vector(0), "name", "none yet", "", "")""",
            "{{name}}",
        ),
    )
    yield lines(
        "Kafka: partitions in trouble",
        "short",
        Text(
            "Partitions with fewer copies than they should have, and those that nobody leads.",
            "0 and 0. With one broker only the second can happen.",
            "04_kraft",
        ),
        ("sum(kafka_server_replicamanager_underreplicatedpartitions)", "under-replicated"),
        ("sum(kafka_controller_kafkacontroller_offlinepartitionscount)", "offline"),
        steps=[(None, GOOD), (1, ACT)],
    )
    yield lines(
        "Kafka: how long requests take, p99",
        "ms",
        Text(
            "99 of 100 requests took less time. A fetch waits for new records, up to half a second.",
            "Produce below 50 ms; FetchConsumer near 500 ms when little comes.",
            "04_kraft",
        ),
        (
            """max by (request) (
  kafka_network_requestmetrics_totaltimems{quantile="0.99", request=~"Produce|FetchConsumer|Metadata"}
)""",
            "{{request}}",
        ),
        names=("Produce", "FetchConsumer", "Metadata"),
    )
    yield lines(
        "Kafka: messages by topic",
        PER_SECOND,
        Text(
            "Messages that come into each topic. Topics of Kafka's and Connect's own are left out.",
            "as many in sales as shops send, none in sales.dlq.",
            "04_kraft",
        ),
        (
            _rate(
                'kafka_server_brokertopicmetrics_messagesin_total{topic!~"_.+|connect[.].+"}',
                "topic",
            ),
            "{{topic}}",
        ),
        names=("sales", "sales.dlq"),
    )
    yield lines(
        "Kafka: bytes",
        "Bps",
        Text(
            "Bytes that come in, and that readers fetch.",
            "out is in times the number of groups that read.",
            "04_kraft",
        ),
        (_rate("kafka_server_brokertopicmetrics_bytesin_total"), "in"),
        (_rate("kafka_server_brokertopicmetrics_bytesout_total"), "out"),
    )
    yield lines(
        "Connect: how long a batch takes",
        "ms",
        Text(
            "How long a sink takes to write a batch: on average, and the longest of late.",
            "below 100 ms. When it rises, Postgres is slow, not Kafka.",
            "06_connect",
        ),
        (
            "max by (connector) (kafka_connect_sink_task_put_batch_avg_time_ms)",
            "{{connector}} on average",
        ),
        (
            "max by (connector) (kafka_connect_sink_task_put_batch_max_time_ms)",
            "{{connector}} at most",
        ),
        names=("sales-sink on average", "sales-sink at most"),
        empty="No sink has written lately.",
    )
    yield lines(
        "Connect: records and errors",
        PER_SECOND,
        Text(
            "Records that sinks have read and written, those they stumbled over, and those that went "
            "to the dead letters.",
            "read and written lie on each other, the rest at 0.",
            "06_connect",
        ),
        (_rate("kafka_connect_sink_task_sink_record_read_total"), "read"),
        (_rate("kafka_connect_sink_task_sink_record_send_total"), "written"),
        (_rate("kafka_connect_task_error_total_record_errors"), "errors"),
        (_rate("kafka_connect_task_error_deadletterqueue_produce_requests"), "dead letters"),
    )
    yield lines(
        "Postgres: connections",
        "short",
        Text(
            "Sessions that are open, and how many there may be.",
            "far below what is allowed, and not rising: sessions are kept, not made anew.",
            "08_postgres",
        ),
        ("sum(pg_stat_database_numbackends)", "open"),
        ("max(pg_settings_max_connections)", "allowed"),
    )
    yield lines(
        "Postgres: commits and rows",
        PER_SECOND,
        Text(
            "Transactions that committed, and rows that were inserted.",
            "many rows per commit: the sink writes in batches.",
            "08_postgres",
        ),
        (_rate("pg_stat_database_xact_commit"), "commits"),
        (_rate("pg_stat_database_tup_inserted"), "rows inserted"),
    )
    yield lines(
        "Postgres: time per transaction",
        "ms",
        Text(
            "How long statements ran, divided by how many transactions committed.",
            "a few milliseconds. A long query of one learner is seen here, too.",
            "08_postgres",
        ),
        (  # newer exporters tell seconds, older ones milliseconds
            f"""(
  1000 * {_rate("pg_stat_database_active_time_seconds_total")}
  or {_rate("pg_stat_database_active_time")}
) / {_rate("pg_stat_database_xact_commit")}""",
            "on average",
        ),
    )
    yield lines(
        "Postgres: longest transaction",
        "s",
        Text(
            "How old the oldest open transaction is. It keeps dead rows from being removed.",
            "below a second; minutes mean that somebody forgot to commit.",
            "08_postgres",
        ),
        ("max(pg_stat_activity_max_tx_duration)", "oldest"),
    )
    yield lines(
        "Java: heap in use",
        "decbytes",
        Text(
            "Memory for objects, per Java server.",
            "a saw: it rises and is cleaned up. A saw whose feet rise for hours is a leak.",
            "01_containers",
        ),
        ('sum by (job) (jvm_memory_used_bytes{area="heap"})', "{{job}}"),
        names=JOBS,
    )
    yield lines(
        "Processor time",
        "percentunit",
        Text(
            "How busy each server keeps the processor; 100 % is one core.",
            "together below the cores that you have.",
            "01_containers",
        ),
        (_rate("process_cpu_seconds_total", "job"), "{{job}}"),
        names=JOBS,
    )
    yield lines(
        "Stream SQL: records",
        PER_SECOND,
        Text(
            "Records that queries have processed, and those they dropped, for most of them came after "
            "their window's grace.",
            "processed is in times the queries; dropped at 0.",
            "07_ksqldb",
        ),
        (_rate("kafka_streams_thread_process_total"), "processed"),
        (_rate("kafka_streams_task_dropped_records_total"), "dropped"),
        empty="Stream SQL does not take part. Try: lab up ksql",
    )
    yield lines(
        "Looks of the exporter that failed",
        PER_SECOND,
        Text(
            "The exporter looks at each source once a second. While a look fails, what it tells fades.",
            "0. If one rises, believe the panels of that source less.",
            "09_observability",
        ),
        (_rate("exporter_look_errors_total", "source"), "{{source}}"),
        names=("kafka", "connect", "postgres", "topic"),
    )
    yield lines(
        "Disk that is free",
        "percentunit",
        Text(
            "The share of the disk under the stack's data that is free.",
            "above 10 %; below it an alert fires if less than 20 GB are left.",
            "04_kraft",
        ),
        ("min(disk_free_bytes / disk_size_bytes)", "free"),
        steps=[(None, ACT), (0.1, GOOD)],
        most=1,
    )
    yield lines(
        "Postgres: size",
        "decbytes",
        Text(
            "How large all databases are together.",
            "it grows with the sales, and stops where old partitions are dropped.",
            "08_postgres",
        ),
        ("sum(pg_database_size_bytes)", "all databases"),
    )


def _dashboard(name: str, title: str, about: str, panels: Iterable[Builder]) -> str:
    board = build.Dashboard(title).uid(name).description(about).tags(["lab-kit"])
    board.time("now-15m", "now").refresh("5s").timezone(TimeZoneBrowser).readonly()
    board.tooltip(grafana.DashboardCursorSync.CROSSHAIR)
    ids = count(1)
    for panel in panels:
        board.with_panel(panel.id(next(ids)))
    return json.dumps(board.build(), cls=JSONEncoder, indent=1, sort_keys=True) + "\n"


def dashboards() -> dict[Path, str]:
    """Return all dashboards: file and text."""
    about = "Each panel says what good looks like, and which lab explains it: see its (i)."
    return {
        FOLDER / "sales.json": _dashboard("sales", "Sales: from shop to row", about, sales()),
        FOLDER / "servers.json": _dashboard(
            "servers", "Servers: what sales run on", about, servers()
        ),
    }


def main() -> int:
    """Write the files; with ``--check`` only tell which are not current."""
    files = dashboards()
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    stale += [path for path in FOLDER.glob("*.json") if path not in files]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.name} is not current. Try: make dashboards")
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in stale:
        if path in files:
            path.write_text(files[path])
        else:
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
