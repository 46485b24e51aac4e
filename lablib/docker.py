"""Docker from a notebook: the engine, the lab's own images, and cleaning up after a lab.

Everything that a lab makes carries the label ``lab-kit.lab=<stem>``. By it, and only by it, things
are removed again: what else runs on a learner's Docker is none of our business.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from lablib.errors import LabError
from lablib.settings import Settings, load_settings
from lablib.versions import versions

if TYPE_CHECKING:
    from python_on_whales import DockerClient

LABEL = "lab-kit.lab"
ASK_WITHIN = 10.0
# Images that share a folder, and the stage of its Dockerfile that makes each.
STAGES = {name: ("kafka", f"--target={name}") for name in ("kafka", "connect", "ksql")}


def engine_answers() -> tuple[bool, str]:
    """Return whether a Docker engine answers, and its version or what was seen instead."""
    command = ["docker", "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=ASK_WITHIN
        )
    except FileNotFoundError:
        return False, "there is no program docker"
    except subprocess.TimeoutExpired:
        return False, f"docker version gave no answer within {ASK_WITHIN:.0f} s"
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        return False, said[-1] if said else f"docker version ended with {done.returncode}"
    return True, done.stdout.strip()


def compose_works() -> bool:
    """Return whether a Docker engine answers here, and Compose with it."""
    if not engine_answers()[0]:
        return False
    command = ["docker", "compose", "version"]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=ASK_WITHIN)
    except subprocess.TimeoutExpired:
        return False
    return not done.returncode


def image_exists(name: str) -> bool:
    """Return whether the engine has an image of that name."""
    command = ["docker", "image", "inspect", name]
    return not subprocess.run(command, capture_output=True, check=False).returncode


def docker_client() -> DockerClient:
    """Return a client for the Docker engine of this machine.

    Raises:
        LabError: no engine answers; with what was seen and how to get one.
    """
    answers, seen = engine_answers()
    if not answers:
        raise LabError(
            "No Docker engine answers, and this lab needs one.",
            seen,
            "start Docker Desktop, or on Linux: sudo systemctl start docker (`docker info` must "
            "work without sudo; JupyterLab in a container has no engine). The labs from 04 on need none",
        )
    from python_on_whales import DockerClient

    return DockerClient()


def lab_image(name: str, settings: Settings | None = None) -> str:
    """Return the name of the kit's own image ``name``, built from ``stack`` if it is not here.

    Raises:
        LabError: it cannot be built, with the last lines of the build.
    """
    settings = settings or load_settings()
    docker = docker_client()
    tag = f"lab-kit/{name}"
    if not docker.image.exists(tag):
        folder, *stage = STAGES.get(name, (name,))
        build_image(settings, tag, settings.stack_files / folder / "Dockerfile", *stage)
    return tag


def build_image(settings: Settings, tag: str, dockerfile: Path, *arguments: str) -> None:
    """Build an image from the checkout; further ``arguments`` go to ``docker build``.

    Raises:
        LabError: it cannot be built, with the last lines of the build.
    """
    base = versions(settings.stack_files / "versions.env")["BASE_IMAGE"]
    command = ["docker", "build", "--progress=plain", f"--tag={tag}", f"--file={dockerfile}"]
    command += [f"--build-arg=BASE_IMAGE={base}", *ca_secret(), *arguments, str(settings.home)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"DOCKER_BUILDKIT": "1"},
    )
    if done.returncode:
        raise LabError(
            f"The image {tag} could not be built.",
            "\n".join(done.stderr.strip().splitlines()[-12:]),
            "read the lines above; if the base image cannot be had: stack/base/make-base.sh",
        )


def ca_bundle() -> str | None:
    """Return the path of this machine's own certificates, if it names some.

    A school's network that inspects TLS has its certificate in ``REQUESTS_CA_BUNDLE`` or
    ``SSL_CERT_FILE`` (as for pip).
    """
    names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    return next((os.environ[name] for name in names if os.environ.get(name)), None)


def ca_secret() -> list[str]:
    """Return the words that hand these certificates to a build. They never get into the image."""
    bundle = ca_bundle()
    return [f"--secret=id=ca_bundle,src={bundle}"] if bundle else []


def clean_up(docker: DockerClient, lab: str) -> list[str]:
    """Remove the containers, networks, volumes and images that carry this lab's label.

    Returns what was removed, as words to show. Nothing else is touched.
    """
    chosen = {"label": f"{LABEL}={lab}"}
    removed = []  # names first: what is gone cannot be asked for its name
    for container in docker.container.list(all=True, filters=chosen):
        removed.append(f"container {container.name}")
        container.remove(force=True, volumes=True)
    for network in docker.network.list(filters=chosen):
        removed.append(f"network {network.name}")
        network.remove()
    for volume in docker.volume.list(filters=chosen):
        removed.append(f"volume {volume.name}")
        volume.remove()
    for image in docker.image.list(filters=chosen):
        removed.append(f"image {(image.repo_tags or [image.id[:19]])[0]}")
        image.remove(force=True)
    return removed
