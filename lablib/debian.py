"""Programs of Debian packages: the installed ones, else unpacked into the cache, without root.

Prometheus and its companions are no Python packages and no Java. Debian and Ubuntu have them; ``apt``
fetches and verifies a package for whoever asks, and unpacking needs no rights either.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock
from rich.console import Console

from lablib.errors import LabError
from lablib.settings import Settings

# Program, as its makers call it -> Debian's package, and the program's name there.
PACKAGES = {
    "prometheus": ("prometheus", "prometheus"),
    "promtool": ("prometheus", "promtool"),
    "alertmanager": ("prometheus-alertmanager", "prometheus-alertmanager"),
    "amtool": ("prometheus-alertmanager", "amtool"),
    "pushgateway": ("prometheus-pushgateway", "prometheus-pushgateway"),
    "postgres_exporter": ("prometheus-postgres-exporter", "prometheus-postgres-exporter"),
}
# Debian's Alertmanager looks for its templates here, wherever it was unpacked. Without the first
# slash (and one more in the middle) the path is as long and begins at the folder it is started in.
TEMPLATES = b"/usr/share/prometheus/alertmanager"
RELATIVE = b"usr//share/prometheus/alertmanager"
FETCHED_WITHIN = 300.0


def program(name: str, settings: Settings) -> Path:
    """Return the path of a program; it is fetched if it is neither installed nor in the cache.

    Raises:
        LabError: it cannot be had here, with what to install.
    """
    fetch([name], settings)
    found = _installed(name) or _unpacked(name, settings)
    assert found is not None
    return found


def folder(settings: Settings) -> Path:
    """Return where packages are unpacked. Their programs are started in it."""
    return settings.cache_folder / "debian"


def pages(settings: Settings) -> Path | None:
    """Return where the pages of Prometheus are, if it was unpacked; an installed one knows."""
    path = folder(settings) / "usr" / "share" / "prometheus" / "web"
    return path if not _installed("prometheus") and path.exists() else None


def ready(names: Iterable[str], settings: Settings) -> bool:
    """Return whether all these programs are here."""
    return all(_installed(name) or _unpacked(name, settings) for name in names)


def fetch(names: Iterable[str], settings: Settings) -> None:
    """Fetch and unpack the packages, unless these programs are here.

    Raises:
        LabError: there is no ``apt`` here, or it cannot have a package.
    """
    if ready(names, settings):
        return
    try:
        settings.cache_folder.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.cache_folder / "debian.lock"):
            if not ready(names, settings):
                with Console(stderr=True).status("Fetching Prometheus (once, 40 MB) ..."):
                    _fetch(settings)
    except (OSError, subprocess.SubprocessError) as error:
        told = error.stderr if isinstance(error, subprocess.CalledProcessError) else str(error)
        said = told.strip().splitlines()
        packages = " ".join(sorted({PACKAGES[name][0] for name in names}))
        raise LabError(
            "Prometheus is not installed here, and could not be fetched.",
            "\n".join(said[-4:]),
            f"sudo apt install {packages}; on a Mac: brew install prometheus alertmanager "
            "postgres_exporter, and Pushgateway from its makers; or work with containers: "
            "LAB_STACK=compose",
        ) from error


def _installed(name: str) -> Path | None:
    found = shutil.which(name) or shutil.which(PACKAGES[name][1])
    return Path(found) if found else None


def _unpacked(name: str, settings: Settings) -> Path | None:
    path = folder(settings) / "usr" / "bin" / PACKAGES[name][1]
    return path if path.exists() else None


def _fetch(settings: Settings) -> None:
    """Let apt work on lists of its own: those of the system may be missing, and need root."""
    work, root = settings.cache_folder / "apt", settings.cache_folder / "apt" / "root"
    own = [f"-oDir::State::lists={work}/lists", f"-oDir::Cache={work}", "-oAPT::Sandbox::User="]
    shutil.rmtree(work, ignore_errors=True)
    for part in ("lists/partial", "archives/partial"):
        (work / part).mkdir(parents=True)
    try:
        _run(["apt-get", *own, "-oAPT::Update::Error-Mode=any", "-q", "update"], work)
        packages = sorted({package for package, _ in PACKAGES.values()})
        # Newer editions have a package of its own for this one.
        packages += {"promtool"} & set(
            _run(["apt-cache", *own, "pkgnames", "promtool"], work).split()
        )
        # The pages of Prometheus are made with libraries that have packages of their own.
        depends = _run(["apt-cache", *own, "depends", "prometheus", "libjs-rickshaw"], work)
        packages += sorted(set(re.findall(r"Depends: (libjs-\S+)", depends)))
        _run(["apt-get", *own, "-q", "download", *packages], work)
        for archive in sorted(work.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(archive), str(root)], work)
        kept = work / "kept" / "usr"
        # The libraries are linked to; of each only what is linked to is kept, as a copy.
        shutil.copytree(
            root / "usr" / "share" / "prometheus",
            kept / "share" / "prometheus",
            ignore=shutil.ignore_patterns("moment-timezone"),
            ignore_dangling_symlinks=True,
        )
        (root / "usr" / "bin").rename(kept / "bin")
        _free_of_its_place(kept / "bin" / "prometheus-alertmanager")
        shutil.rmtree(folder(settings), ignore_errors=True)
        kept.parent.rename(folder(settings))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _free_of_its_place(alertmanager: Path) -> None:
    alertmanager.write_bytes(alertmanager.read_bytes().replace(TEMPLATES, RELATIVE))


def _run(command: list[str], work: Path) -> str:
    done = subprocess.run(
        command,
        cwd=work,
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
        timeout=FETCHED_WITHIN,
    )
    return done.stdout
