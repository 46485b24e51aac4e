"""Resolve the stack's jars with Maven's rules and write their hashes to ``stack/jars.lock``.

Run it after changing ``stack/versions.env``: ``make lock``. What it downloads lands in the same
cache that the stack uses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext

from lablib.artifacts import LOCK_HEADER
from lablib.settings import load_settings
from lablib.versions import versions

ROOT = Path(__file__).resolve().parent.parent
# The "!" asks for Maven's own rules: without it every library would also act as a bill of materials.
CONNECT = (
    "org.apache.kafka:connect-runtime:{KAFKA_VERSION}!",
    "org.apache.kafka:connect-json:{KAFKA_VERSION}!",
    "org.apache.kafka:connect-file:{KAFKA_VERSION}!",
    "org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}!",
)
# What reads log4j2.yaml. It comes along with Kafka, and a worker needs it, too.
LOGGING = ("jackson-dataformat-yaml", "snakeyaml")
# All that Connect needs a broker needs, too (its tools do), so this set is what it has beyond.
KAFKA = (
    "org.apache.kafka:kafka_{SCALA_VERSION}:{KAFKA_VERSION}!",
    "org.apache.kafka:kafka-tools:{KAFKA_VERSION}!",
)
# And so for the ksqlDB-compatible server, whose pom.xml names the same libraries.
KSQL = (
    "org.apache.kafka:kafka-streams:{KAFKA_VERSION}!",
    "org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}!",
    "org.antlr:antlr4-runtime:{ANTLR_VERSION}!",
    "org.eclipse.jetty:jetty-server:{JETTY_VERSION}!",
    "org.eclipse.jetty.http2:jetty-http2-server:{JETTY_VERSION}!",
    "com.fasterxml.jackson.core:jackson-databind:{JACKSON_VERSION}!",
    "com.fasterxml.jackson.dataformat:jackson-dataformat-yaml:{JACKSON_VERSION}!",
    "org.apache.commons:commons-csv:{COMMONS_CSV_VERSION}!",
    "com.dynatrace.hash4j:hash4j:{HASH4J_VERSION}!",
)
KSQL_TESTS = (
    "org.apache.kafka:kafka-streams-test-utils:{KAFKA_VERSION}!",
    "org.junit.platform:junit-platform-console-standalone:{JUNIT_VERSION}!",
)
ALONE = (
    (
        "connect-plugins",
        "io.debezium:debezium-connector-jdbc:{DEBEZIUM_JDBC_VERSION}:tar.gz:plugin",
    ),
    (
        "connect-plugins",
        "io.debezium:debezium-connector-postgres:{DEBEZIUM_POSTGRES_VERSION}:tar.gz:plugin",
    ),
    ("jmx", "io.prometheus.jmx:jmx_prometheus_javaagent:{JMX_EXPORTER_VERSION}:jar:"),
    ("compiler", "org.eclipse.jdt:ecj:{ECJ_VERSION}:jar:"),
    ("compiler", "org.antlr:antlr4:{ANTLR_VERSION}:jar:complete"),
)


def main() -> None:
    """Write the lock file: set, coordinates and SHA-256 of each artifact, sorted."""
    pins = versions(ROOT / "stack" / "versions.env")
    context = MavenContext(repo_cache=load_settings().cache_folder / "maven")

    def resolve(libraries: Iterable[str]) -> dict[str, Any]:
        wanted = [context.create_dependency(c.format(**pins)) for c in libraries]
        direct, transitive = context.resolver.resolve(wanted)
        found = [d.artifact for d in direct + transitive if d.scope != "provided"]
        return {artifact.artifactId: artifact for artifact in found}

    everything = resolve(CONNECT + KAFKA)
    connect = {**resolve(CONNECT), **{name: everything[name] for name in LOGGING}}
    ksql = resolve(KSQL)
    artifacts = [("connect", artifact) for artifact in connect.values()]
    for set_name, libraries, known in (
        ("kafka", everything, connect),
        ("ksql", ksql, connect),
        ("ksql-tests", resolve(KSQL + KSQL_TESTS), {**connect, **ksql}),
    ):
        artifacts += [(set_name, a) for name, a in libraries.items() if name not in known]
        clash = [n for n, a in libraries.items() if n in known and a.version != known[n].version]
        if clash:
            raise SystemExit(f"Two versions of {', '.join(clash)}: align stack/versions.env")
    for set_name, coordinates in ALONE:
        group, name, version, packaging, classifier = coordinates.format(**pins).split(":")
        component = context.project(group, name).at_version(version)
        artifacts.append((set_name, component.artifact(classifier, packaging)))
    lines = set()
    for set_name, artifact in artifacts:
        digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
        parts = [artifact.groupId, artifact.artifactId, artifact.version]
        parts += [artifact.packaging, artifact.classifier or "-"]
        lines.add(f"{set_name} {':'.join(parts)} {digest}")
    (ROOT / "stack" / "jars.lock").write_text(LOCK_HEADER + "\n".join(sorted(lines)) + "\n")
    print(f"stack/jars.lock: {len(lines)} artifacts")


if __name__ == "__main__":
    main()
