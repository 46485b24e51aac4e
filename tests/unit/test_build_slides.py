"""Slides: sources keep the rules, decks load nothing from elsewhere, missing tools are named."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lablib.errors import LabError
from tools import build_slides
from tools.build_slides import lint, minutes, render, tools_for, with_diagrams

ROOT = Path(__file__).resolve().parents[2]
DECKS = sorted(ROOT.glob("slides/[0-9]*.md"))
GOOD = """\
---
marp: true
---
# Probe

5 minutes

<!-- 2 min. Say hello. -->

---

![A tree](tree.svg)

<!-- 3 min. Say more. -->
"""


class References(HTMLParser):
    """Collects what a page loads when it is opened; links that a reader may click are not."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ``src`` of any element and ``href`` of all but ``a``."""
        for name, value in attrs:
            if name in {"src", "srcset", "data", "poster"} or (name == "href" and tag != "a"):
                self.found.append(value or "")


def loads(html: str) -> list[str]:
    """Return the addresses that a page loads from the network."""
    parser = References()
    parser.feed(html)
    styles = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s;]+)""", html)
    return [text for text in parser.found + styles if re.match(r"(https?:)?//", text)]


@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_every_deck_keeps_the_rules(path: Path) -> None:
    """Each slide has minutes and a note, each picture has alternative text."""
    assert lint(path) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("<!-- 2 min. Say hello. -->", "<!-- Say hello. -->", "slide 1 needs a note"),
        ("<!-- 3 min. Say more. -->", "", "slide 2 needs a note"),
        ("5 minutes", "6 minutes", "add up to '5 minutes'"),
        ("![A tree]", "![]", "alternative text"),
        ("![A tree](tree.svg)", "```diagram\na -> b\n```", "alternative text"),
        ("---\nmarp: true\n---\n", "", "front matter"),
    ],
)
def test_a_broken_rule_is_told(old: str, new: str, told: str, tmp_path: Path) -> None:
    """Each rule has its sentence, with the deck's name."""
    path = tmp_path / "77_probe.md"
    path.write_text(GOOD)
    assert lint(path) == []
    path.write_text(GOOD.replace(old, new))
    complaints = "\n".join(lint(path))
    assert told in complaints
    assert "slides/77_probe.md" in complaints


def test_minutes_add_up() -> None:
    """Only speaker notes count."""
    assert minutes(GOOD + "\nThis takes 99 min. or more") == 5


def test_a_diagram_is_drawn_into_the_text() -> None:
    """The block is replaced by a picture with its alternative text; other blocks stay."""
    text = with_diagrams('```diagram From "a" to b\na -> b\n```\n\n```sql\nSELECT 1\n```\n')
    assert 'aria-label="From &quot;a&quot; to b"' in text
    assert "```sql\nSELECT 1\n```" in text
    assert "a -> b" not in text


@pytest.mark.parametrize(
    ("missing", "kind", "told"),
    [("node", "html", "Node.js"), ("npm", "html", "Node.js"), ("chrom", "pdf", "Chromium")],
)
def test_a_missing_tool_is_named(
    missing: str, kind: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is told with a command to get it; HTML needs no browser."""

    def which(name: str) -> str | None:
        gone = missing in name or (missing == "chrom" and name not in {"node", "npm"})
        return None if gone else f"/bin/{name}"

    monkeypatch.setattr(build_slides, "MAC_CHROME", Path("nowhere"))
    monkeypatch.setattr(shutil, "which", which)
    with pytest.raises(LabError, match=told) as caught:
        tools_for(kind)
    assert "install" in str(caught.value)
    if kind == "pdf":
        assert tools_for("html") == ("/bin/node", "")


def test_the_lock_file_names_no_registry() -> None:
    """Packages come from whichever registry npm is set up with, and are told by their hashes."""
    text = (ROOT / "slides" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity"') > 100


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        "<style>@import 'https://fonts.example/x';</style>",
        "<style>a { background: url(https://x.example/y.png) }</style>",
        '<img src="http://x.example/y.png">',
    ],
)
def test_a_deck_that_loads_something_is_noticed(html: str) -> None:
    """The test below can fail."""
    assert len(loads(html)) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="slides need Node.js with npm")
@pytest.mark.timeout(240)
@pytest.mark.parametrize("path", DECKS, ids=lambda path: path.stem)
def test_a_deck_loads_nothing(path: Path, tmp_path: Path) -> None:
    """The HTML has its slides and refers to no script, style, font or picture on the network."""
    render(path, "html", tmp_path / "deck.html")
    html = (tmp_path / "deck.html").read_text()
    assert loads(html) == []
    assert 'lang="en"' in html
    assert html.count("<section ") == len(build_slides.slides_of(path.read_text()))


def _has_browser() -> bool:
    try:
        return bool(tools_for("pdf"))
    except LabError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not _has_browser(), reason="PDF slides need Node.js and Chromium")
@pytest.mark.timeout(240)
def test_a_deck_becomes_a_pdf(tmp_path: Path) -> None:
    """A PDF is made, with a page for each slide."""
    render(DECKS[0], "pdf", tmp_path / "deck.pdf")
    content = (tmp_path / "deck.pdf").read_bytes()
    assert content.startswith(b"%PDF")
    assert len(content) > 10_000
