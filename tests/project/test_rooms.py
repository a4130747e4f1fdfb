"""The numbers that `tools.rooms` prints, on a package small enough to count by hand."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tools.imports import circles
from tools.rooms import house_of, picture


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package of four rooms: top → middle → ground, an arrow up from ground, and a room without arrows."""
    modules = {
        "__init__": "",
        "top": "from house.middle import one\nfrom house import ground",
        "middle/__init__": "",
        "middle/one": "from house.middle import two",
        "middle/two": "from house.ground import stone\n",
        "ground": "stone = 1\ndef lift():\n    from house.middle.two import stone\n",
        "shed": "import os\n",
    }
    for name, text in modules.items():
        path = tmp_path / "house" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "house"


def test_rooms_floors_and_arrows(package: Path) -> None:
    """Floors follow the imports that run at loading; the import in a function points up and closes a circle."""
    house = house_of(package)
    assert house.floors == {"ground": 0, "shed": 0, "middle": 1, "top": 2}
    assert house.modules == {"ground": 1, "shed": 1, "middle": 3, "top": 1}
    assert house.arrows == {("top", "middle"), ("top", "ground"), ("middle", "ground"), ("ground", "middle")}
    assert house.upward == {("ground", "middle")}
    assert house.circle == {"house.ground", "house.middle.two"}


def test_the_picture_shows_each_room_once(package: Path) -> None:
    """The SVG is well-formed; it names each room, draws the arrow up in red, and leaves out what others imply."""
    drawing = ET.fromstring(picture(house_of(package)))
    texts = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert sorted(texts[::2], key=str) == ["ground", "middle", "shed", "top"]
    paths = [path.get("class") for path in drawing.iter("{http://www.w3.org/2000/svg}path")]
    assert sorted(map(str, paths)) == ["down", "down", "up"]  # top → ground is implied


def test_circles_are_strongly_connected() -> None:
    """Two circles joined by one arrow remain two; a chain has no circle."""
    arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("e", "d"), ("e", "f")]
    assert circles(arrows) == [{"a", "b", "c"}, {"d", "e"}]
    assert circles([("a", "b"), ("b", "c")]) == []
