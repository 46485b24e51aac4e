"""Diagrams: the text is read, boxes find their columns, the picture is sound SVG."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from lablib.errors import LabError
from tools.diagram import Arrow, columns, draw, read_arrows

SVG = "{http://www.w3.org/2000/svg}"


def test_a_line_is_a_chain_of_arrows() -> None:
    """The label belongs to the last arrow of its line."""
    assert read_arrows("a -> b -> c: rows\n\nb -> d") == [
        Arrow("a", "b", ""),
        Arrow("b", "c", "rows"),
        Arrow("b", "d", ""),
    ]


@pytest.mark.parametrize("line", ["a", "a ->", "-> b", "a -> -> b", "a: b"])
def test_a_line_without_an_arrow_is_refused(line: str) -> None:
    """A typing error is told, not drawn."""
    with pytest.raises(LabError, match="no arrow"):
        read_arrows(line)


def test_boxes_stand_behind_what_leads_to_them() -> None:
    """A box comes after the longest way to it, whatever the order of the lines."""
    assert columns(read_arrows("c -> d\na -> d\na -> b -> c")) == {"c": 2, "d": 3, "a": 0, "b": 1}


def test_an_arrow_back_moves_no_box() -> None:
    """A circle is drawn, not run through for ever."""
    assert columns(read_arrows("a -> b -> c\nc -> a\nb -> b")) == {"a": 0, "b": 1, "c": 2}


def test_the_picture_has_boxes_arrows_and_text() -> None:
    """Every box and arrow is drawn inside the picture; special letters and the alt text survive."""
    root = ElementTree.fromstring(
        draw("a <1> -> Kafka (topic sales): x & y\na <1> -> c", alt='"q"')
    )
    width, height = map(int, root.attrib["viewBox"].split()[2:])
    boxes = root.findall(f"{SVG}rect")
    assert len(boxes) == 3
    assert len(root.findall(f"{SVG}line")) == 2
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"a <1>", "Kafka", "topic sales", "x & y", "c"} <= texts
    assert root.attrib["aria-label"] == '"q"'
    corners = {(int(b.attrib["x"]), int(b.attrib["y"])) for b in boxes}
    assert len(corners) == 3
    for box in boxes:
        assert int(box.attrib["x"]) + int(box.attrib["width"]) <= width
        assert int(box.attrib["y"]) + int(box.attrib["height"]) <= height
