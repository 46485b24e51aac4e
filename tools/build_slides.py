"""Make decks from ``slides/NN_topic.md``: ``build/slides/NN_topic.html`` and ``.pdf``.

Each slide has a note for the speaker that begins with its minutes: ``<!-- 3 min. Say ... -->``.
A block fenced as ``diagram`` is drawn (see ``diagram.py``); its first line is its alternative text.
Needs Node.js with npm, and Chromium or Chrome for PDF. Nothing is loaded from the network later.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from lablib.errors import LabError
from tools.diagram import draw

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC_CHROME = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
DIAGRAM = re.compile(r"^```diagram[ \t]*(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
NOTE = re.compile(r"<!--\s*(\d+) min\.\s+\S")


def slides_of(text: str) -> list[str]:
    """Split a deck into its slides; the front matter is left out."""
    _, _, body = text.removeprefix("---\n").partition("\n---\n")
    return re.split(r"^---$", body, flags=re.MULTILINE)


def minutes(text: str) -> int:
    """Return the minutes of all speaker notes of a deck."""
    return sum(int(match[1]) for match in NOTE.finditer(text))


def lint(path: Path) -> list[str]:
    """Return what is wrong with a deck: notes, minutes, alternative text."""
    text = path.read_text(encoding="utf-8")
    where = f"slides/{path.name}"
    found = [] if text.startswith("---\n") else [f"{where}: begins with front matter (---)"]
    for number, slide in enumerate(slides_of(text), 1):
        if not NOTE.search(slide):
            found.append(f"{where}: slide {number} needs a note: <!-- 3 min. What to say. -->")
    if f"{minutes(text)} minutes" not in text:
        found.append(f"{where}: the notes add up to '{minutes(text)} minutes'; the deck says else")
    if re.search(r"!\[\s*\]\(", text) or any(not m[1].strip() for m in DIAGRAM.finditer(text)):
        found.append(f"{where}: a picture or diagram needs alternative text")
    return found


def with_diagrams(text: str) -> str:
    """Replace each diagram block by its picture, which lies in the text itself."""

    def picture(match: re.Match[str]) -> str:
        return f'<div class="diagram">{draw(match[2], alt=match[1].strip())}</div>'

    return DIAGRAM.sub(picture, text)


def tools_for(kind: str) -> tuple[str, str]:
    """Return the paths of node and of a browser ("" for HTML, which needs none).

    Raises LabError that says what is missing and how to get it.
    """
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise LabError(
            "Slides need Node.js 20 or newer with npm.",
            "no 'node' or 'npm' on the PATH",
            "apt install nodejs npm, brew install node, or nodejs.org; notebooks do not need it",
        )
    found = [path for path in map(shutil.which, BROWSERS) if path]
    found += [str(MAC_CHROME)] if MAC_CHROME.exists() else []
    if kind == "pdf" and not found:
        raise LabError(
            "PDF slides need Chromium or Chrome.",
            f"none of {', '.join(BROWSERS)} on the PATH",
            "apt install chromium, or brew install --cask chromium; --html makes HTML without it",
        )
    return node, found[0] if found else ""


def install_marp(folder: Path) -> Path:
    """Return the path of marp's program; installs what ``package-lock.json`` pins at first use."""
    program = folder / "node_modules" / "@marp-team" / "marp-cli" / "marp-cli.js"
    if not program.exists():
        print("installing marp, pinned in slides/package-lock.json ...", flush=True)
        npm = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            said = done.stderr.strip()[-500:]
            raise LabError("npm could not install marp.", said, "cd slides && npm ci")
    return program


def render(path: Path, kind: str, target: Path) -> None:
    """Make one deck's HTML or PDF at ``target``. Raises LabError with what marp said."""
    node, browser = tools_for(kind)
    folder = path.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    command = [node, str(install_marp(folder)), "--config", "marp.config.mjs", f"--output={target}"]
    if kind == "pdf":
        command += ["--pdf", "--pdf-notes", "--pdf-outlines", f"--browser-path={browser}"]
    environment = dict(os.environ)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        environment["CHROME_NO_SANDBOX"] = "1"  # Chromium has no sandbox for root, as in containers
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=with_diagrams(path.read_text(encoding="utf-8")),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    if done.returncode != 0 or not target.exists():
        raise LabError(f"marp could not make {target.name}.", done.stderr.strip()[-800:])


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Make all decks, or those that are named; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stems", nargs="*", help="such as 04_kraft; default: all")
    parser.add_argument("--check", action="store_true", help="make nothing; look at the sources")
    parser.add_argument("--html", action="store_true", help="only HTML, which needs no browser")
    options = parser.parse_args(arguments)
    stems = options.stems or [path.stem for path in sorted(root.glob("slides/[0-9]*.md"))]
    kinds = [] if options.check else ["html"] if options.html else ["html", "pdf"]
    complaints = [fault for stem in stems for fault in lint(root / "slides" / f"{stem}.md")]
    try:
        for stem, kind in [(stem, kind) for stem in stems for kind in kinds]:
            target = root / "build" / "slides" / f"{stem}.{kind}"
            render(root / "slides" / f"{stem}.md", kind, target)
            print(f"made {target.relative_to(root)}")
    except LabError as error:
        complaints.append(str(error))
    print("\n".join(complaints), end="\n" if complaints else "", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
