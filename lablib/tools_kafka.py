"""Kafka's own command-line tools, under the names that they have in Kafka's ``bin`` folder."""

from __future__ import annotations

import subprocess

from lablib.backends.processes import Processes
from lablib.errors import LabError
from lablib.stack import Stack

TOOLS = {
    "kafka-dump-log": "org.apache.kafka.tools.DumpLogSegments",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
}
_ASK_A_BROKER = {"kafka-metadata-quorum"}
WITHIN = 60.0


def kafka_tool(stack: Stack, tool: str, *arguments: str) -> str:
    """Run one of Kafka's tools beside the broker and return what it prints.

    It runs in Kafka's data folder, so files are named as in ``__cluster_metadata-0/*.log``; a word
    with a ``*`` stands for all files that fit, joined by commas. The broker's address is added for
    the tools that want one.

    >>> print(kafka_tool(Stack(), "kafka-metadata-quorum", "describe", "--status"))

    Raises:
        LabError: no such tool, no file that fits, or the tool failed, with its last lines.
    """
    if tool not in TOOLS:
        raise LabError(f"There is no tool {tool!r} here.", f"there are {', '.join(TOOLS)}")
    backend = stack.backend
    if not isinstance(backend, Processes):
        raise LabError(f"The backend {backend.name!r} cannot run Kafka's tools yet.")
    folder = backend.launcher.data("kafka")
    words = list(arguments)
    if tool in _ASK_A_BROKER:
        words = ["--bootstrap-server", stack.env["KAFKA_BOOTSTRAP_SERVERS"], *words]
    for place, word in enumerate(words):
        if "*" in word:
            files = sorted(str(path.relative_to(folder)) for path in folder.glob(word))
            if not files:
                raise LabError(f"{tool}: no file fits {word}.", f"looked in {folder}")
            words[place] = ",".join(files)
    quiet = f"-Dlog4j2.configurationFile={stack.settings.stack_files / 'kafka/tools-log4j2.yaml'}"
    done = subprocess.run(
        backend.launcher.java("kafka", [quiet, TOOLS[tool], *words]),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise LabError(f"{tool} failed.", "\n".join(said[-6:]), "lab status")
    return done.stdout
