"""Lab 00 in a real JupyterLab, in a real browser, as a learner sees it."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from lablib.jupyter import jupyter_command, jupyter_environment
from lablib.settings import load_settings
from tests.conftest import on_processes

ROOT = Path(__file__).resolve().parents[2]
KERNEL_IS_IDLE = """
window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def browser_program() -> str:
    """Give the path of a browser; without one the test is skipped, but not in CI."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have Chromium; .ci/run installs it")
        pytest.skip("no Chromium here (on Debian and Ubuntu: apt install chromium)")
    return found


@pytest.fixture
def jupyter(stack: object, tmp_path: Path) -> Iterator[str]:
    """Give the address of a JupyterLab that serves a fresh copy of lab 00."""
    settings = load_settings()
    notebook = "00_start_here.ipynb"
    (tmp_path / notebook).write_bytes((ROOT / "labs" / notebook).read_bytes())
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    token = secrets.token_hex(16)
    command = jupyter_command(settings, browser=False, port=port - settings.port_offset)
    command = [word for word in command if "root_dir" not in word and "default_url" not in word]
    command += [f"--ServerApp.root_dir={tmp_path}", "--LabApp.expose_app_in_browser=True"]
    environment = jupyter_environment(settings) | {"JUPYTER_TOKEN": token}
    with (tmp_path / "jupyter.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token={token}", tmp_path / "jupyter.log")
            yield f"http://127.0.0.1:{port}/lab/tree/{notebook}?token={token}"
        finally:
            server.terminate()
            server.wait(30)


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab does not answer:\n{log.read_text()[-2000:]}")


@on_processes
def test_lab_00_runs_in_the_browser(
    stack: object, jupyter: str, browser_program: str, tmp_path: Path
) -> None:
    """All cells run; the learner sees their own rows, and that the exercises wait for them."""
    pictures = ROOT / "build" / "browser"
    pictures.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=browser_program,
            args=["--no-sandbox", "--disable-background-networking", "--disable-sync"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(jupyter)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        page.wait_for_function("window.jupyterapp && window.jupyterapp.commands", timeout=60_000)
        # Without a kernel JupyterLab would ask for one instead of running anything.
        page.wait_for_function(KERNEL_IS_IDLE, timeout=90_000)
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        try:
            # The notebook scrolls to its last cell by itself; only what can be seen is in the page.
            page.get_by_text("of 5 exercises solved").last.wait_for(timeout=120_000)
        finally:
            page.screenshot(path=pictures / "lab-00-end.png")
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 2600")
        page.wait_for_timeout(1000)
        page.screenshot(path=pictures / "lab-00-middle.png")
        errors = page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']")
        assert errors.count() == 0, errors.first.inner_text()
        browser.close()
