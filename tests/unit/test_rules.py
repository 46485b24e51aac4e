"""The rules: promtool's tests of them pass, would fail without any one of them, and each alert is explained."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from lablib.cli import app
from lablib.debian import program
from lablib.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "stack" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
# What dashboards, labs and readers rely on.
WINDOWS = ("5m", "30m", "1h", "6h")
RECORDED = {
    "sales:events_in:rate5m",
    "sales:rows_out:rate5m",
    "sales:dead_letters:rate5m",
    *(f"sales:event_to_row_seconds:{quantile}" for quantile in ("p50", "p95", "p99")),
    "sales:quality:ratio5m",
    *(f"sales:slow_rows:ratio_rate{window}" for window in WINDOWS),
    *(f"sales:undelivered:ratio_rate{window}" for window in WINDOWS),
    "sales:sink_lag:seconds",
    "sales:sink_lag:records",
    "pipeline:group_lag:seconds",
    "slo:event_to_row:budget_left",
    "slo:delivery:budget_left",
}
ALERTS = {
    ("TargetDown", "critical"),
    ("TaskFailed", "critical"),
    ("ExporterBlind", "warning"),
    ("DiskNearlyFull", "warning"),
    ("LagHigh", "warning"),
    ("LagCritical", "critical"),
    ("NoRows", "critical"),
    ("QualityLow", "warning"),
    ("DeadLettersRising", "warning"),
    ("LatencyBudgetBurn", "critical"),
    ("LatencyBudgetBurn", "warning"),
    ("DeliveryBudgetBurn", "critical"),
    ("DeliveryBudgetBurn", "warning"),
}


def promtool(*words: object) -> subprocess.CompletedProcess[str]:
    command = [str(program("promtool", load_settings())), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def rules(file: str) -> list[dict[str, Any]]:
    content = yaml.safe_load((PROMETHEUS / "rules" / file).read_text())
    return [rule for group in content["groups"] for rule in group["rules"]]


def files_that_name(name: str, folder: Path) -> list[Path]:
    files = sorted((folder / "tests").glob("*.yml"))
    return [file for file in files if re.search(rf"\b{name}\b", file.read_text())]


def test_promtool_agrees() -> None:
    """Every rule does what its tests say: fires, stays silent just below, resolves."""
    done = promtool("test", "rules", *sorted((PROMETHEUS / "tests").glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_those_agreed_upon() -> None:
    """A rule that is renamed breaks dashboards and labs."""
    assert {rule["record"] for rule in rules("recording.yml")} == RECORDED
    alerts = rules("alerts.yml")
    assert {(rule["alert"], rule["labels"]["severity"]) for rule in alerts} == ALERTS
    assert len(alerts) == len(ALERTS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "number"),
    [("recording.yml", n) for n in range(len(RECORDED))]
    + [("alerts.yml", n) for n in range(len(ALERTS))],
)
def test_promtool_would_notice(file: str, number: int, tmp_path: Path) -> None:
    """A rule that never says anything is noticed, and so is an alert that is always there."""
    shutil.copytree(PROMETHEUS / "rules", tmp_path / "rules")
    shutil.copytree(PROMETHEUS / "tests", tmp_path / "tests")
    path = tmp_path / "rules" / file
    content = yaml.safe_load(path.read_text())
    rule = [rule for group in content["groups"] for rule in group["rules"]][number]
    name = rule.get("record") or rule["alert"]
    always = [f"({rule['expr']}) or vector(7)"] if "alert" in rule else []
    for expression in ("vector(1) < 0", *always):
        rule["expr"] = expression
        rule.pop("for", None)
        path.write_text(yaml.safe_dump(content))
        done = promtool("test", "rules", *files_that_name(name, tmp_path))
        assert done.returncode == 1, f"nobody misses {name}: {expression}"
        assert name in done.stdout + done.stderr


@pytest.mark.parametrize("rule", rules("alerts.yml"), ids=lambda rule: rule["alert"])
def test_an_alert_is_explained(rule: dict[str, Any]) -> None:
    """Who is woken finds what it is in three texts and a section of the runbook."""
    name = rule["alert"]
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
    assert f"\n## {name}\n" in RUNBOOK


def test_the_runbook_names_no_alert_that_is_not() -> None:
    """A section of an alert that was renamed is noticed."""
    words = set(re.findall(r"^## (\S+)$", RUNBOOK, re.MULTILINE))
    assert words == {name for name, _ in ALERTS}


def test_the_runbooks_queries_are_valid(tmp_path: Path) -> None:
    """What is to be typed at night is not tried out at night."""
    queries = [
        line
        for block in re.findall(r"```promql\n(.*?)```", RUNBOOK, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(queries) > len({name for name, _ in ALERTS})
    file = tmp_path / "queries.yml"
    asked = [{"record": "asked", "expr": q, "labels": {"n": str(n)}} for n, q in enumerate(queries)]
    file.write_text(yaml.safe_dump({"groups": [{"name": "runbook", "rules": asked}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_runbooks_commands_exist() -> None:
    """Every `lab ...` in it is a command of the kit."""
    known = set(getattr(get_command(app), "commands"))  # noqa: B009 - click's, hidden by typer
    named = set(re.findall(r"`lab ([a-z]+)", RUNBOOK))
    assert named <= known
    assert "status" in named
