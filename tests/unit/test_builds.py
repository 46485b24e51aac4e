"""What is made of downloads and sources: once, anew when these change, and never by halves."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from lablib.artifacts import Artifacts
from lablib.builds import Build, ConnectPlugins, KsqlServer
from lablib.errors import LabError
from lablib.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]


class Greeting(Build):
    """A jar of one class, with a resource beside it."""

    name = "greeting"
    sets = ("compiler",)
    sources = "greeting"

    def _fill(self, folder: Path) -> None:
        target = folder / "greeting.jar"
        self.compiler.jar(
            target, [self.source_folder], classpath="", release=17, resources=self.source_folder
        )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Give a checkout with one Java file of its own; downloads are shared with this one."""
    stack = tmp_path / "home" / "stack"
    (stack / "greeting").mkdir(parents=True)
    shutil.copy(ROOT / "stack" / "jars.lock", stack)
    (stack / "greeting" / "Hello.java").write_text("class Hello {}\n")
    (stack / "greeting" / "hello.txt").write_text("hello")
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "maven").symlink_to(load_settings().cache_folder / "maven")
    return Settings(home=tmp_path / "home", cache=cache)


def greeting(settings: Settings) -> Greeting:
    return Greeting(Artifacts(settings))


@pytest.mark.slow
def test_a_jar_is_made_once_and_anew_for_other_sources(settings: Settings) -> None:
    """The same sources give the same folder; a change gives another, and leaves the first alone."""
    first = greeting(settings)
    first.make()
    with zipfile.ZipFile(first.folder / "greeting.jar") as jar:
        assert jar.namelist() == ["Hello.class", "hello.txt"]
    content = (first.folder / "greeting.jar").read_bytes()
    made = (first.folder / "greeting.jar").stat().st_mtime_ns
    greeting(settings).make()
    assert (first.folder / "greeting.jar").stat().st_mtime_ns == made
    shutil.rmtree(first.folder)
    greeting(settings).make()
    assert (first.folder / "greeting.jar").read_bytes() == content
    (settings.stack_files / "greeting" / "hello.txt").write_text("good morning")
    second = greeting(settings)
    assert not second.ready
    assert second.folder != first.folder
    assert first.ready


@pytest.mark.slow
def test_a_source_that_does_not_compile_is_named_with_its_line(settings: Settings) -> None:
    """The error tells file, line and reason, and nothing half made is taken for whole."""
    (settings.stack_files / "greeting" / "Hello.java").write_text(
        "class Hello {\n  int i = 1L;\n}\n"
    )
    broken = greeting(settings)
    with pytest.raises(LabError, match=r"greeting\.jar does not compile") as caught:
        broken.make()
    assert "Hello.java (at line 2)" in str(caught.value.seen)
    assert "cannot convert from long to int" in str(caught.value.seen)
    assert not broken.ready
    assert list(broken.folder.parent.glob("greeting-*")) == []


@pytest.mark.slow
def test_a_wrong_grammar_is_named_with_its_line(settings: Settings, tmp_path: Path) -> None:
    """ANTLR's complaint arrives as it is."""
    grammar = tmp_path / "Wrong.g4"
    grammar.write_text("grammar Wrong;\nrule : ;\nrule : 'x' ;\n")
    with pytest.raises(LabError, match=r"Wrong\.g4 is no grammar") as caught:
        greeting(settings).compiler.parser(grammar, "wrong", tmp_path / "out")
    assert "Wrong.g4:3" in str(caught.value.seen)


def test_connect_and_ksql_do_not_rebuild_each_other(tmp_path: Path) -> None:
    """A change in the sources of one leaves what was made of the other's alone."""
    stack = tmp_path / "stack"
    shutil.copytree(ROOT / "stack" / "connect" / "src", stack / "connect" / "src")
    shutil.copytree(ROOT / "stack" / "ksql-server" / "src", stack / "ksql-server" / "src")
    shutil.copy(ROOT / "stack" / "jars.lock", stack)
    artifacts = Artifacts(Settings(home=tmp_path, cache=tmp_path / "cache"))
    connect, ksql = ConnectPlugins(artifacts).folder, KsqlServer(artifacts).folder
    (stack / "connect" / "src" / "New.java").write_text("class New {}")
    assert ConnectPlugins(artifacts).folder != connect
    assert KsqlServer(artifacts).folder == ksql
