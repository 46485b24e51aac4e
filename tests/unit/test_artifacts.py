"""Downloads: what is in the cache is believed only if its hash is right."""

from __future__ import annotations

import hashlib
import os
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lablib.artifacts import FOR_TESTS, Artifact, Artifacts, read_lock
from lablib.settings import Settings
from lablib.versions import versions

ROOT = Path(__file__).resolve().parents[2]


def test_the_lock_names_every_archive_once_with_a_hash() -> None:
    """Each set is there, each hash is a SHA-256, and nothing is listed twice in one."""
    sets = read_lock(ROOT / "stack" / "jars.lock")
    expected = {"kafka", "connect", "ksql", "jmx", "connect-plugins", "compiler", FOR_TESTS}
    assert set(sets) == expected
    for each in sets.values():
        assert len({a.path for a in each}) == len(each)
    assert sum(map(len, sets.values())) > 90
    assert all(len(a.sha256) == 64 for each in sets.values() for a in each)


def test_one_kafka_version_everywhere() -> None:
    """A stray old kafka-clients breaks the broker at start; the lock must not hold one."""
    pinned = dict(
        line.split("=")
        for line in (ROOT / "stack/versions.env").read_text().splitlines()
        if "=" in line
    )
    sets = read_lock(ROOT / "stack" / "jars.lock")
    kafka = [a for a in chain.from_iterable(sets.values()) if "apache.kafka" in a.group]
    assert {a.version for a in kafka} == {pinned["KAFKA_VERSION"]}


@pytest.fixture
def artifact() -> Artifact:
    return Artifact("org.example", "thing", "1.0", "jar", "", hashlib.sha256(b"good").hexdigest())


@pytest.mark.parametrize("content", [b"evil", b"goo", b""])
def test_a_wrong_or_partial_file_is_thrown_away(
    artifact: Artifact, content: bytes, tmp_path: Path
) -> None:
    """An interrupted or tampered download does not survive the next look."""
    artifacts = Artifacts(Settings(cache=tmp_path))
    path = tmp_path / "maven" / artifact.path
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert not artifacts._verified(artifact)
    assert not path.exists()


def test_a_good_file_is_kept(artifact: Artifact, tmp_path: Path) -> None:
    """What was fetched before is not fetched again."""
    artifacts = Artifacts(Settings(cache=tmp_path))
    path = tmp_path / "maven" / artifact.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"good")
    assert artifacts._verified(artifact)
    assert path.read_bytes() == b"good"


def test_the_classpath_has_one_order() -> None:
    """An ahead-of-time cache is valid only for the very same list."""
    entries = Artifacts(Settings()).classpath("kafka", "connect").split(os.pathsep)
    assert entries == sorted(entries)
    assert any(entry.endswith("kafka_2.13-4.3.1.jar") for entry in entries)


def test_jars_for_tests_are_fetched_by_tests_alone() -> None:
    """`lab up` and a bundle leave out what only JUnit needs."""
    artifacts = Artifacts(Settings())
    assert not set(artifacts.jars()) & set(artifacts.jars(FOR_TESTS))
    assert set(artifacts.jars()) > set(artifacts.jars("kafka", "connect", "ksql"))


COORDINATES = ("groupId", "artifactId", "version")
POM = {"m": "http://maven.apache.org/POM/4.0.0"}


def test_maven_and_the_lock_agree_on_the_ksql_server() -> None:
    """Whoever opens the server with Maven gets the very libraries that it runs on here."""
    pom = ElementTree.parse(ROOT / "stack" / "ksql-server" / "pom.xml").getroot()
    pins = versions(ROOT / "stack" / "versions.env")
    properties = {
        f"${{{each.tag.partition('}')[2]}}}": each.text or ""
        for each in pom.iterfind("m:properties/*", POM)
        if each.tag.endswith(".version")
    }
    for name, version in properties.items():
        variable = name.strip("${}").replace(".", "_").replace("-", "_").upper()
        assert pins[variable] == version, name
    sets = read_lock(ROOT / "stack" / "jars.lock")
    locked = {(a.group, a.name): a.version for a in chain(sets["ksql"], sets["connect"])}
    for dependency in pom.iterfind("m:dependencies/m:dependency", POM):
        group, name, version = (dependency.findtext(f"m:{tag}", "", POM) for tag in COORDINATES)
        if dependency.findtext("m:scope", "", POM) != "test":
            assert locked[group, name] == properties[version], name
