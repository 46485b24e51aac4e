"""Fetch, verify and lay out the Java archives for the images: the embedded stack's own code does it."""

import platform
import shutil
import zipfile
from pathlib import Path

from lablib.artifacts import Artifacts
from lablib.builds import ConnectPlugins, JmxMetrics
from lablib.settings import load_settings

# Native libraries for machines that no container of ours runs on: 9 MB.
FOREIGN = {"aix", "darwin", "freebsd", "mac", "sunos", "win", "windows"}  # systems
FOREIGN |= {"android", "arm", "armv6", "armv7", "i386", "loongarch64", "mips64"}  # processors
FOREIGN |= {"ppc", "ppc64", "ppc64le", "riscv64", "s390x", "x86"}
# RocksDB has them side by side, 15 MB each.
ROCKSDB = {"x86_64": "librocksdbjni-linux64.so", "aarch64": "librocksdbjni-linux-aarch64.so"}


def main() -> None:
    """Fill /image: what Connect needs, what broker and ksql server need beyond that, plug-ins, ANTLR."""
    artifacts, image = Artifacts(load_settings()), Path("/image/opt")
    artifacts.fetch()
    for name, folder in (
        ("connect", "kafka/libs"),
        ("jmx", "kafka/libs"),
        ("kafka", "kafka/broker"),
        ("ksql", "ksql"),
    ):
        target = image / folder
        target.mkdir(parents=True, exist_ok=True)
        for jar in artifacts.jars(name):
            _copy(jar, target / jar.name)
    shutil.copy(artifacts.path("antlr4"), image / "antlr4.jar")
    metrics = JmxMetrics(artifacts)
    metrics.make()
    shutil.copy(metrics.jar, image / "kafka" / "libs")
    made, plugins = ConnectPlugins(artifacts), image / "connect" / "plugins"
    made.make()
    shutil.copytree(made.plugins, plugins)
    for papers in ("*.md", "LICENSE-3rd-PARTIES.txt"):
        for path in plugins.glob(f"*/{papers}"):
            path.unlink()


def _copy(jar: Path, target: Path) -> None:
    with zipfile.ZipFile(jar) as source:
        names = source.namelist()
        kept = [name for name in names if not _foreign(name)]
        if len(kept) == len(names):
            shutil.copy(jar, target)
            return
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
            for name in kept:
                copy.writestr(source.getinfo(name), source.read(name))


def _foreign(name: str) -> bool:
    if not name.lower().endswith((".so", ".dll", ".dylib", ".a", ".jnilib")):
        return False
    if name.startswith("librocksdbjni"):
        return name != ROCKSDB[platform.machine()]
    return not FOREIGN.isdisjoint(part.lower() for part in name.split("/")[:-1])


if __name__ == "__main__":
    main()
