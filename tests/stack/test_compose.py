"""The Compose file and its images: small, closed to the outside, the same when built again, durable."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lablib.backends.compose import Compose
from lablib.connect import Connect
from lablib.docker import ca_bundle
from lablib.pipeline import SINK
from lablib.producer import Producer
from lablib.reset import reset_pipeline
from lablib.services import ASIDE, SERVICES
from lablib.settings import Settings, load_settings
from lablib.stack import Stack
from lablib.synthetic import SyntheticSales
from lablib.verification import verify
from lablib.versions import versions
from tests.conftest import on_compose
from tests.stack.test_services import eventually

ROOT = Path(__file__).resolve().parents[2]
MB, GIB = 10**6, 2**30
IMAGES = tuple(s.name for s in SERVICES)
# What Docker itself puts into a container.
INJECTED = {"etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab", ".dockerenv"}
pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(600),
    pytest.mark.usefixtures("docker_engine"),
]


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"CA_BUNDLE": ca_bundle() or "/dev/null"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (
        f"{' '.join(command)}\n{done.stdout[-1500:]}\n{done.stderr[-3000:]}"
    )
    return done.stdout


@pytest.fixture(scope="module")
def wiring() -> dict[str, Any]:
    """Give what Compose makes of the file, all profiles included."""
    return configuration()


def configuration(**environment: str) -> dict[str, Any]:
    command = ("docker", "compose", "--profile", "*", "config", "--format", "json")
    services: dict[str, Any] = json.loads(run(*command, **environment))["services"]
    return services


def test_every_port_is_on_loopback(wiring: dict[str, Any]) -> None:
    """Nothing is published to other machines."""
    ports = [port for service in wiring.values() for port in service.get("ports", [])]
    assert len(ports) >= 8
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_prometheus_asks_whom_the_table_of_services_names(wiring: dict[str, Any]) -> None:
    """What is always there stands in one list, what somebody has to ask for in another."""
    told = wiring["prometheus"]["environment"]
    usual, asked_for = told["TARGETS"].split(), told["OPTIONAL_TARGETS"].split()
    targets = {f"{s.name}:{s.metrics - ASIDE}": s.profile for s in SERVICES if s.metrics}
    assert sorted(usual) == sorted(
        t for t, profile in targets.items() if profile in ("", "metrics")
    )
    assert asked_for == [t for t, profile in targets.items() if profile not in ("", "metrics")]


def test_all_limits_together_fit_in_6_gib(wiring: dict[str, Any]) -> None:
    """With all profiles on at once, a laptop of 8 GB survives it."""
    assert sum(int(s["mem_limit"]) for s in wiring.values()) <= 6 * GIB


def test_servers_may_do_little(wiring: dict[str, Any]) -> None:
    """Read-only root filesystem, no capabilities, no new privileges, and back after a crash."""
    for name, service in wiring.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"], name
        assert service["restart"] == ("no" if name == "secrets" else "unless-stopped"), name


def test_no_password_stands_in_the_file(wiring: dict[str, Any]) -> None:
    """Passwords are named by the path of a file only."""
    variables = {k: v for s in wiring.values() for k, v in (s.get("environment") or {}).items()}
    named = {k: v for k, v in variables.items() if "PASSWORD" in k}
    assert named.keys() == {"POSTGRES_PASSWORD_FILE", "GF_SECURITY_ADMIN_PASSWORD__FILE"}
    assert set(named.values()) == {"/run/lab-secrets/password"}


def test_the_genuine_server_takes_one_variable(wiring: dict[str, Any]) -> None:
    """KSQL_IMAGE puts ksqlDB's image in the place of ours, on the same port, with the same settings."""
    image = "confluentinc/ksqldb-server:0.29.0"
    ours, genuine = wiring["ksql"], configuration(KSQL_IMAGE=image)["ksql"]
    assert ours["image"] == "lab-kit/ksql"
    assert genuine["image"] == image
    assert "build" not in genuine, "nobody shall build something under its name"
    for same in ("ports", "networks", "depends_on", "restart", "cap_drop", "security_opt"):
        assert genuine[same] == ours[same]
    file = (ROOT / "stack" / "ksql-server" / "ksql-server.properties").read_text()
    lines = [line for line in file.splitlines() if line and not line.startswith("#")]
    settings = {
        "KSQL_" + name.upper().replace(".", "_"): value
        for name, value in (line.split("=", 1) for line in lines)
    }
    addresses = {"KSQL_BOOTSTRAP_SERVERS", "KSQL_LISTENERS"}
    for name in settings.keys() - addresses:
        assert genuine["environment"][name] == settings[name]
    assert {k: v for k, v in genuine["environment"].items() if k in addresses} == {
        k: v for k, v in ours["environment"].items() if k in addresses
    }


def test_all_images_have_the_same_pinned_base() -> None:
    """The default in each Dockerfile is the base of stack/versions.env."""
    base = versions(ROOT / "stack" / "versions.env")["BASE_IMAGE"]
    files = list((ROOT / "stack").glob("*/Dockerfile"))
    assert len(files) >= 4
    for file in files:
        assert f"ARG BASE_IMAGE={base}\n" in file.read_text(), file


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_small_and_not_root(name: str) -> None:
    """Less than 200 MB each, and the server in it is nobody in particular."""
    Compose(load_settings()).images.build(SERVICES)
    (image,) = json.loads(run("docker", "image", "inspect", f"lab-kit/{name}"))
    assert image["Size"] < 200 * MB
    assert image["Config"]["User"] == "10001:10001"


@pytest.fixture
def tags() -> Iterator[dict[str, str]]:
    names = {name: f"lab-kit-again/{name}" for name in IMAGES}
    yield names
    subprocess.run(["docker", "image", "rm", *names.values()], capture_output=True, check=False)


def test_an_image_built_again_is_the_same(tags: dict[str, str], tmp_path: Path) -> None:
    """Without any cache: the same paths, modes, owners and contents."""
    Compose(load_settings()).images.build(SERVICES)
    secret = f"id=ca_bundle,src={ca_bundle() or os.devnull}"
    builds = {s["image"]: s["build"] for s in configuration().values() if "build" in s}
    made = set()
    for name, tag in tags.items():
        build = builds[f"lab-kit/{name}"]
        file = build["dockerfile"]
        # Images of one file share stages: what the first has just made is fresh for the others.
        cache = [] if file in made else ["--no-cache"]
        target = [f"--target={build['target']}"] if "target" in build else []
        words = [f"--file={file}", f"--tag={tag}", "--quiet", *cache, *target]
        run("docker", "build", *words, f"--secret={secret}", ".", DOCKER_BUILDKIT="1")
        made.add(file)
    for name, tag in tags.items():
        first, second = tree(f"lab-kit/{name}", tmp_path), tree(tag, tmp_path)
        differ = {p for p in first.keys() | second.keys() if first.get(p) != second.get(p)}
        assert not differ, (name, sorted(differ)[:10])
        assert len(first) > 1000


def tree(image: str, folder: Path) -> dict[str, tuple[object, ...]]:
    """Return path -> (type, mode, owner, group, link, SHA-256) of everything in an image."""
    container = run("docker", "create", image).strip()
    archive = folder / "image.tar"
    run("docker", "export", f"--output={archive}", container)
    run("docker", "rm", container)
    found: dict[str, tuple[object, ...]] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in INJECTED or member.name.startswith(("dev/", "proc/", "sys/")):
                continue
            content = tar.extractfile(member) if member.isfile() else None
            digest = hashlib.sha256(content.read()).hexdigest() if content else ""
            facts = (member.type, member.mode, member.uid, member.gid, member.linkname, digest)
            found[member.name] = facts
    return found


@on_compose
def test_everything_survives_down_and_up(stack: Stack) -> None:
    """`docker compose down` removes containers and networks; rows, topics and connector stay."""
    stack.up()
    reset_pipeline(stack)
    Producer(stack).send(SyntheticSales(seed=21), count=2000, rate=0)
    assert verify(stack)
    settings = stack.settings
    base = ["docker", "compose", f"--project-name={settings.project}"]
    ports = ports_of(settings)
    run(*base, "down", **ports)
    run(*base, "up", "--detach", "--wait", "--no-build", **ports)
    stack.up()
    assert Connect(stack.env["CONNECT_URL"]).wait_running(SINK).running
    assert verify(stack)
    for service in stack.status():
        stack.kill(service.name)
    stack.up()
    assert Connect(stack.env["CONNECT_URL"]).wait_running(SINK).running
    assert verify(stack)
    stack.down()
    for network in ("data", "observability"):  # as `docker network prune` would
        run("docker", "network", "rm", f"{settings.project}_{network}")
    stack.up()
    Producer(stack).send(SyntheticSales(seed=22), count=2000, rate=0)
    assert verify(stack)


def ports_of(settings: Settings, step: int = 0) -> dict[str, str]:
    """Return the ports of a project that must not be in the way of another."""
    usual = {s.name.upper().replace("-", "_"): s.port for s in SERVICES}
    usual |= {"KAFKA_1": 19192, "KAFKA_2": 19292, "KAFKA_3": 19392, "JUPYTER": 8888}
    return {f"{k}_PORT": str(v + settings.port_offset + step) for k, v in usual.items()}


def left_over(project: str) -> list[str]:
    """Return the containers, volumes and networks of a project."""
    mine = f"--filter=label=com.docker.compose.project={project}"
    kinds = ("ps --all", "volume ls", "network ls")
    return [line for k in kinds for line in run("docker", *k.split(), "-q", mine).split()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    override = tmp_path_factory.mktemp("compose") / "closed.yaml"
    override.write_text("networks:\n  data: {internal: true}\n  observability: {internal: true}\n")
    command = ["docker", "compose", "-f", "docker-compose.yaml", "-f", str(override)]
    name = f"{load_settings().project}-closed"
    command += [f"--project-name={name}", "--profile=jupyter"]
    patch = pytest.MonkeyPatch()
    for variable, port in ports_of(load_settings(), 700).items():
        patch.setenv(variable, port)
    try:
        run(*command, "build")
        run(*command, "up", "--detach", "--wait", "--no-build")
        yield command
    finally:
        run(*command, "down", "--volumes")
        eventually(lambda: not left_over(name), "`down -v` leaves nothing", 10)
        patch.undo()


class TestClosedNetwork:
    """Compose alone, all networks internal: nothing gets out, and everything works."""

    def test_nothing_gets_out(self, project: list[str]) -> None:
        """From inside no address of the outside can be reached."""
        probe = "import socket; socket.create_connection(('192.0.2.1', 80), 2)"
        inside = [*project, "exec", "-T", "jupyter", "python3", "-c", probe]
        done = subprocess.run(inside, cwd=ROOT, capture_output=True, text=True, check=False)
        assert re.search("unreachable|timed out", done.stderr), done

    def test_lab_00_is_solved_in_the_container(self, project: list[str]) -> None:
        """JupyterLab's container runs the whole of lab 00 against the services beside it."""
        code = (
            "import jupytext, tempfile\nfrom pathlib import Path\n"
            "from lablib.execution import execute, faults, outcomes\n"
            "notebook = jupytext.read('solutions/00_start_here.py')\n"
            "notebook.metadata['kernelspec'] = "
            "{'name': 'python3', 'display_name': 'Python 3', 'language': 'python'}\n"
            "done = execute(notebook, Path(tempfile.mkdtemp()))\n"
            "assert not faults(done), faults(done)\n"
            "print(sorted({o['outcome'] for o in outcomes(done).values()}))\n"
        )
        said = run(*project, "exec", "-T", "jupyter", "python3", "-c", code)
        assert said.strip().splitlines()[-1] == "['solved']"

    def test_what_needs_an_engine_says_what_to_type(self, project: list[str]) -> None:
        """The container cannot kill its neighbours, and tells where it can be done."""
        inside = [*project, "exec", "-T", "jupyter", "lab", "kill", "kafka"]
        done = subprocess.run(inside, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert "docker compose kill kafka" in done.stderr


@pytest.fixture(scope="module")
def cluster() -> Iterator[list[str]]:
    command = ["docker", "compose", f"--project-name={load_settings().project}-cluster"]
    command += ["--profile=cluster"]
    brokers = ["kafka-1", "kafka-2", "kafka-3"]
    patch = pytest.MonkeyPatch()
    for variable, port in ports_of(load_settings(), 800).items():
        patch.setenv(variable, port)
    try:
        run(*command, "up", "--detach", "--wait", *brokers)
        yield command
    finally:
        run(*command, "down", "--volumes")
        patch.undo()


class TestCluster:
    """Three brokers, three copies, two of which must have an event."""

    def test_one_broker_may_die_and_not_two(self, cluster: list[str]) -> None:
        """With acks=all two of three brokers go on; one alone refuses, rather than forget."""
        import confluent_kafka as ck
        from confluent_kafka.admin import AdminClient
        from confluent_kafka.cimpl import NewTopic

        port = int(os.environ["KAFKA_1_PORT"])
        config: dict[str, Any] = {
            "bootstrap.servers": f"127.0.0.1:{port}",
            "acks": "all",
            "log_level": 0,
            "message.timeout.ms": 20_000,
        }
        admin = AdminClient({"bootstrap.servers": config["bootstrap.servers"], "log_level": 0})
        admin.create_topics([NewTopic("sales", 3, 3)])["sales"].result(20)
        assert deliver(ck.Producer(config)) == []
        run(*cluster, "kill", "kafka-3")
        assert deliver(ck.Producer(config)) == []
        run(*cluster, "kill", "kafka-2")
        refused = deliver(ck.Producer(config | {"message.timeout.ms": 4000}))
        assert len(refused) == 30
        run(*cluster, "up", "--detach", "--wait", "kafka-2", "kafka-3")
        eventually(
            lambda: deliver(ck.Producer(config)) == [], "three brokers take events again", 120
        )


def deliver(producer: Any) -> list[str]:
    """Send 30 events over all partitions; return the errors."""
    errors: list[str] = []
    for number in range(30):
        producer.produce(
            "sales",
            str(number),
            partition=number % 3,
            on_delivery=lambda error, _: errors.append(str(error)) if error else None,
        )
    assert producer.flush(40) == 0
    return errors
