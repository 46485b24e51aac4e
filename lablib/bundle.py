"""A bundle: one file that carries the kit's downloads into a room without a network.

It is a plain tar: ``manifest.json`` first, then ``wheels/`` (Python packages), ``cache/`` (Java archives,
plug-ins, the real shop's sales if they are here) and, where there is Docker, ``images.tar``.
``make setup BUNDLE=FILE`` takes the wheels, `load` the rest.
"""

from __future__ import annotations

import io
import json
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from lablib.artifacts import Artifacts
from lablib.backends.compose import Compose
from lablib.backends.launch import Launcher
from lablib.docker import compose_works, image_exists, lab_image
from lablib.errors import LabError
from lablib.services import SERVICES
from lablib.settings import Settings
from lablib.versions import versions

MANIFEST, IMAGES = "manifest.json", "images.tar"
# Ahead-of-time caches fit one processor and one build of Java; locks are nobody's business.
NOT_CARRIED = ("*.aot", "*.lock", "*.partial")
# What the labs about Docker run, beside the stack's own images.
LAB_IMAGES = ("nginx", "redis")
# Large, and only for people without Python: carried if it was built here.
JUPYTER = "lab-kit/jupyter"

Tell = Callable[[str], None]


def save(settings: Settings, file: Path, tell: Tell, *, wheels: bool = True) -> None:
    """Write everything that this checkout has fetched or built into one file.

    Fetches first what is missing, so it needs the network. ``wheels=False`` leaves out the Python
    packages, for machines that have a ``.venv`` already.

    Raises:
        LabError: something cannot be fetched or built, or the disk is full; then there is no file.
    """
    partial = file.with_name(f"{file.name}.partial")
    artifacts = Artifacts(settings)
    Launcher(settings, artifacts).prepare(SERVICES)
    manifest = _description(settings, artifacts)
    try:
        with (
            tempfile.TemporaryDirectory(dir=file.parent) as folder,
            tarfile.open(partial, "w") as tar,
        ):
            if compose_works():
                tell("Images ...")
                manifest["images"] = _save_images(settings, Path(folder, IMAGES))
            if wheels:
                tell("Python packages ...")
                _download_wheels(settings, Path(folder, "wheels"))
            text = json.dumps(manifest, indent=2).encode()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
            tell("Writing ...")
            for path in sorted(Path(folder).iterdir()):
                tar.add(path, path.name)
            for path in _cached(settings.cache_folder):
                tar.add(path, Path("cache", path.relative_to(settings.cache_folder)))
        partial.replace(file)
    except OSError as error:
        raise LabError(
            f"The bundle could not be written: {error.strerror or error}.",
            str(error.filename or file),
            "some 2 GB are needed, twice while it is made; give a file on another disk",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def load(settings: Settings, file: Path, tell: Tell) -> None:
    """Take images and archives out of a bundle, so that ``lab up`` needs no network.

    Raises:
        LabError: there is no such file, it is no bundle, was cut short, or belongs to another
            version of the kit or another kind of machine.
    """
    with _opened(file) as tar:
        manifest = _manifest(file, tar)
        wanted = _description(settings, Artifacts(settings))
        for key in ("kit", "machine"):
            if manifest.get(key) != wanted[key]:
                raise LabError(
                    f"This bundle is for another {'version of the kit' if key == 'kit' else key}.",
                    f"{key} of the bundle: {manifest.get(key)}; here: {wanted[key]}",
                    "save it from a checkout of the same commit, on the same kind of machine",
                )
        images, has_docker = manifest.get("images", []), compose_works()
        for member in tar:
            if member.name == IMAGES and has_docker:
                tell(f"{len(images)} images ...")
                _load_images(tar.extractfile(member))
            elif member.name.startswith("cache/"):
                member.name = member.name.removeprefix("cache/")
                tar.extract(member, settings.cache_folder)  # as the data filter allows
    if images and has_docker:
        Compose(settings).images.believe(SERVICES)
    elif images:
        tell("No Docker engine with Compose answers here, so the images stay in the bundle.")


def _description(settings: Settings, artifacts: Artifacts) -> dict[str, Any]:
    return {
        "kit": f"{Compose(settings).images.fingerprint()[:12]}-{artifacts.fingerprint()}",
        "machine": f"{platform.system()} {platform.machine()}",
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }


def _save_images(settings: Settings, target: Path) -> list[str]:
    compose = Compose(settings)
    compose.images.build(SERVICES)
    base = versions(settings.stack_files / "versions.env")["BASE_IMAGE"]
    names = [*compose.images.names(), *(lab_image(name, settings) for name in LAB_IMAGES), base]
    names += [JUPYTER] if image_exists(JUPYTER) else []
    done = subprocess.run(
        ["docker", "save", f"--output={target}", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError("Docker could not save the images.", done.stderr.strip(), "docker info")
    return names


def _download_wheels(settings: Settings, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"]
    command += ["--require-hashes", "--only-binary=:all:", f"--dest={folder}"]
    command += ["-r", str(settings.home / "requirements.lock")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join(done.stderr.strip().splitlines()[-4:])
        raise LabError("The Python packages could not be fetched.", said, "check the network")


def _cached(cache: Path) -> Iterator[Path]:
    for path in sorted(cache.rglob("*")):
        if path.is_file() and not any(path.match(pattern) for pattern in NOT_CARRIED):
            yield path


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file) as tar:
            # Python before 3.11.4 has no filter.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            yield tar
    except FileNotFoundError as error:
        raise LabError(
            f"There is no file {error.filename or file}.", next="ls; give its path"
        ) from error
    except (tarfile.TarError, EOFError) as error:
        raise LabError(
            f"{file} is no bundle, or was cut short.", str(error), "copy it anew, or save it again"
        ) from error


def _manifest(file: Path, tar: tarfile.TarFile) -> dict[str, Any]:
    first = tar.next()
    content = tar.extractfile(first) if first and first.name == MANIFEST else None
    if content is None:
        raise LabError(
            f"{file} is no bundle of the lab kit.",
            f"it begins with {first.name if first else 'nothing'}, not with {MANIFEST}",
            "make one with: lab bundle save FILE",
        )
    manifest: dict[str, Any] = json.load(content)
    return manifest


def _load_images(content: IO[bytes] | None) -> None:
    assert content is not None
    with subprocess.Popen(
        ["docker", "load", "--quiet"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        with suppress(BrokenPipeError), process.stdin as stdin:
            shutil.copyfileobj(content, stdin, 2**20)
        said = process.stderr.read().decode().strip()
    if process.returncode:
        raise LabError("Docker could not load the images.", said, "docker info; is the disk full?")
