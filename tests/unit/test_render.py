"""The script that divides durations: what it changes, what it leaves alone, what it refuses."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lablib.debian import program
from lablib.settings import load_settings

STACK = Path(__file__).resolve().parents[2] / "stack"
RENDER = STACK / "prometheus" / "render"
RULES = sorted((STACK / "prometheus" / "rules").glob("*.yml"))
ALERTMANAGER = STACK / "alertmanager" / "alertmanager.yml"
ALL = [*RULES, STACK / "prometheus" / "prometheus.yml", ALERTMANAGER]
DURATION = re.compile(r"\b\d+(?:ms|[smhdwy])\b")
Render = Callable[[str], str]
WEBHOOK = "http://127.0.0.1:8000/told?a=1&b=2"


def render(speed: str, file: Path, *webhook: str) -> subprocess.CompletedProcess[str]:
    words = [str(RENDER), speed, str(file), *webhook]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)


@pytest.fixture
def rendered(tmp_path: Path) -> Render:
    """Give a function that renders a text at speed 20."""

    def at_speed_20(text: str) -> str:
        file = tmp_path / "source.yml"
        file.write_text(text)
        done = render("20", file)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return at_speed_20


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("for: 1m", "for: 3s"),
        ("for: 0s", "for: 0s"),
        ("for: 1h30m # as long as [5m]", "for: 4m30s # as long as [5m]"),
        ("keep_firing_for: '90s'", "keep_firing_for: '4s500ms'"),
        ("- interval: 30s", "- interval: 1s500ms"),
        ("scrape_interval: 15s", "scrape_interval: 2s"),
        ("scrape_interval: 500ms", "scrape_interval: 500ms"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
        ("scrape_timeout: 10s", "scrape_timeout: 2s"),
        ("group_wait: 30s", "group_wait: 1s500ms"),
        ("group_interval: 5m", "group_interval: 15s"),
        ("repeat_interval: 1w", "repeat_interval: 8h24m"),
        ("resolve_timeout: 5m", "resolve_timeout: 15s"),
        ("expr: rate(a[5m]) > 60", "expr: rate(a[15s]) > 60"),
        ("expr: rate(a [ 1h30m ])", "expr: rate(a [ 4m30s ])"),
        ("expr: max_over_time(b[6h:1m])", "expr: max_over_time(b[18m:3s])"),
        ("expr: max_over_time(b[6h:])", "expr: max_over_time(b[18m:])"),
        ("expr: a offset 10m", "expr: a offset 30s"),
        ("expr: a offset -1d", "expr: a offset -1h12m"),
        ("expr: rate(a[1y])", "expr: rate(a[438h])"),
    ],
)
def test_durations_are_divided(rendered: Render, before: str, after: str) -> None:
    """Values of known keys, ranges, subqueries and offsets, each with its unit."""
    assert rendered(f"  {before}\n") == f"  {after}\n"


@pytest.mark.parametrize(
    "line",
    [
        "# for: 5m, and rate(a[5m])",
        "record: sales:events_in:rate5m",
        "record: sales:slow_rows:ratio_rate1h",
        "expr: sales:slow_rows:ratio_rate1h > 14.4 * 0.01 and lag:5m > 300",
        """expr: a{b="rate(c[5m]) offset 5m", d='it\\'s [5m]'} # [5m]""",
        "expr: my_offset 5m",
        "expr: a[5]",
        "summary: rate(a[5m]) over 5m",
        "for: ever",
        "retention: 5m",
        "wait_for: 5m",
    ],
)
def test_all_else_stays(rendered: Render, line: str) -> None:
    """Names, thresholds, strings, comments, texts, and keys that are no durations here."""
    assert rendered(f"  {line}\n") == f"  {line}\n"


def test_a_value_of_several_lines_belongs_to_its_key(rendered: Render) -> None:
    """An expression is followed over its lines; a text that looks like YAML is a text."""
    text = """groups:
  - name: a
    rules:
      - alert: Slow
        expr: |
          rate(a[5m])

            > rate(b[1h] offset 1h)
        for: 1m
        annotations:
          description: >-
            Lasts
            for: 5m
            expr: rate(a[5m])
      - record: b
        expr:
          rate(c[10m])
        labels: {for: 5m}
"""
    expected = text.replace("rate(a[5m])\n\n", "rate(a[15s])\n\n").replace(
        "[1h] offset 1h", "[3m] offset 3m"
    )
    expected = expected.replace("for: 1m", "for: 3s").replace("c[10m]", "c[30s]")
    assert rendered(text) == expected


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.name)
def test_speed_1_changes_nothing(file: Path) -> None:
    """Real life is what the files say."""
    done = render("1", file)
    assert done.stdout == file.read_text()


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.name)
def test_no_duration_is_forgotten(file: Path) -> None:
    """At a huge speed nothing lasts longer than a scrape; everything but durations is as before."""
    text = render("100000", file).stdout
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    assert set(DURATION.findall("\n".join(lines))) <= {"1s", "2s"}
    assert DURATION.sub("T", text) == DURATION.sub("T", file.read_text())


@pytest.mark.parametrize("speed", ["1", "20", "60", "2.5"])
def test_what_is_rendered_is_valid(speed: str, tmp_path: Path) -> None:
    """Prometheus and Alertmanager accept the files at every speed."""
    settings = load_settings()
    for tool, words, files in (
        ("promtool", ["check", "rules"], RULES),
        ("amtool", ["check-config"], [ALERTMANAGER]),
    ):
        for file in files:
            target = tmp_path / file.name
            target.write_text(render(speed, file, *([WEBHOOK] * (tool == "amtool"))).stdout)
            done = subprocess.run(
                [str(program(tool, settings)), *words, str(target)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr


def test_a_webhook_is_told_only_if_it_is_set() -> None:
    """The marked line becomes a receiver's, and stays a comment otherwise."""
    assert f"    webhook_configs: [{{url: '{WEBHOOK}'}}]" in (
        render("20", ALERTMANAGER, WEBHOOK).stdout.splitlines()
    )
    for nobody in ([], [""]):
        assert "    # webhook_configs: " in render("20", ALERTMANAGER, *nobody).stdout


@pytest.mark.parametrize("speed", ["0", "0.5", "-1", "", "fast", "1e3", "1.", "2 3", "nan", "1\n2"])
def test_a_wrong_speed_is_refused(speed: str) -> None:
    """It is a number from 1; the message says so, and nothing is printed."""
    done = render(speed, RULES[0])
    assert done.returncode == 2
    assert "the speed must be a number from 1" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    "webhook", ["127.0.0.1:9", "http://", "http://a b", "http://a'b", "file:///x"]
)
def test_a_wrong_webhook_is_refused(webhook: str) -> None:
    """It is an address, and cannot break out of its quotes."""
    done = render("20", ALERTMANAGER, webhook)
    assert done.returncode == 2
    assert "the webhook" in done.stderr


def test_what_cannot_be_rendered_is_told(tmp_path: Path) -> None:
    """A missing file, missing arguments, and an expression in quotes, which would be taken for text."""
    done = render("20", tmp_path / "none.yml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no file" in done.stderr
    quoted = tmp_path / "quoted.yml"
    quoted.write_text('- record: a\n  expr: "rate(a[5m])"\n')
    done = render("20", quoted)
    assert done.returncode == 2
    assert "line 2: an expr stands without quotes" in done.stderr
    assert subprocess.run([str(RENDER)], capture_output=True, check=False).returncode == 2
