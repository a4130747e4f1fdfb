"""The rooms of a package, the arrows between them, and a picture: ``python -m tools.rooms [FOLDER] [--svg FILE]``.

A room is a folder of the package, or a module beside the folders. An arrow is an import from one room into another,
imports in functions and under TYPE_CHECKING included. The imports that run when modules are loaded give each room its
floor; an arrow that does not lead to a lower floor points up.
"""

from __future__ import annotations

import argparse
from html import escape
from pathlib import Path
from typing import NamedTuple

from tools.imports import circles, imports, sources

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "chainrule"
WIDTH, HEIGHT, GAP, STOREY = 150, 44, 22, 96  # of a room; between rooms; from floor to floor

Arrow = tuple[str, str]


class House(NamedTuple):
    """The rooms with their floors, the arrows between them, and the largest circle of modules."""

    modules: dict[str, int]  # of each room
    lines: dict[str, int]
    floors: dict[str, int]
    arrows: set[Arrow]
    circle: set[str]

    @property
    def upward(self) -> set[Arrow]:
        """The arrows that do not lead to a lower floor."""
        return {(a, b) for a, b in self.arrows if self.floors[a] <= self.floors[b]}


def house_of(package: Path) -> House:
    """Returns the house of a package folder."""
    texts = {name: text for name, text in sources(package).items() if name != package.name}
    every = [found for name in texts for found in imports(name, texts) if found.imported in texts]
    room = {name: name.split(".")[1] for name in texts}
    modules: dict[str, int] = dict.fromkeys(room.values(), 0)
    lines = dict.fromkeys(room.values(), 0)
    for name, text in texts.items():
        modules[room[name]] += 1
        lines[room[name]] += text.count("\n")
    between = [(room[found.importer], room[found.imported], found.is_deferred) for found in every]
    loading = {(a, b) for a, b, is_deferred in between if a != b and not is_deferred}
    largest = circles((found.importer, found.imported) for found in every)
    return House(
        modules, lines, _floors(set(modules), loading), {(a, b) for a, b, _ in between if a != b},
        largest[0] if largest else set(),
    )  # fmt: skip


def _floors(rooms: set[str], loading: set[Arrow]) -> dict[str, int]:
    """Returns the length of the longest chain of arrows below each room; rooms of one circle share a floor."""
    group = {room: frozenset({room}) for room in rooms}
    for circle in circles(loading):
        group |= dict.fromkeys(circle, frozenset(circle))
    known: dict[frozenset[str], int] = {}

    def floor(members: frozenset[str]) -> int:
        if members not in known:
            below = {group[b] for a, b in loading if a in members} - {members}
            known[members] = max((floor(other) + 1 for other in below), default=0)
        return known[members]

    return {room: floor(group[room]) for room in rooms}


def picture(house: House) -> str:
    """Returns the house as SVG: the ground floor below, upward arrows in red, arrows that others imply left out."""
    storeys = [sorted(r for r in house.floors if house.floors[r] == k) for k in range(max(house.floors.values()) + 1)]
    width = max(len(storey) for storey in storeys) * (WIDTH + GAP) + GAP
    place = {
        room: (width / 2 + (k - (len(storey) - 1) / 2) * (WIDTH + GAP), (len(storeys) - floor - 0.5) * STOREY)
        for floor, storey in enumerate(storeys)
        for k, room in enumerate(storey)
    }
    down = house.arrows - house.upward
    shown = {(a, b) for a, b in down if not any((a, c) in down and (c, b) in down for c in house.floors)}
    parts = []
    for a, b in sorted(shown | house.upward):
        (x, y), (u, v) = place[a], place[b]
        is_up = (a, b) in house.upward
        start, end = (y - HEIGHT / 2, v + HEIGHT / 2) if is_up else (y + HEIGHT / 2, v - HEIGHT / 2)
        kind = "up" if is_up else "down"
        parts.append(f'<path class="{kind}" marker-end="url(#{kind})" d="M{x:.0f} {start:.0f}L{u:.0f} {end:.0f}"/>')
    for room, (x, y) in place.items():
        size = f"{house.modules[room]} module{'s' * (house.modules[room] > 1)}, {house.lines[room]:,} lines"
        parts.append(
            f'<rect x="{x - WIDTH / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
            f'<text x="{x:.0f}" y="{y - 2:.0f}">{escape(room)}</text>'
            f'<text class="small" x="{x:.0f}" y="{y + 14:.0f}">{size}</text>'
        )
    return FRAME.format(width=width, height=len(storeys) * STOREY, parts="\n".join(parts))


FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
  rect {{ fill: #eef2f7; stroke: #5b7083 }}
  text {{ font: 600 14px system-ui, sans-serif; text-anchor: middle; fill: #1c2733 }}
  .small {{ font: 10px system-ui, sans-serif }}
  path {{ fill: none; stroke-width: 1.2 }} .down {{ stroke: #8296a9 }} .up {{ stroke: #c8102e; stroke-width: 2 }}
</style>
<defs>
  <marker id="down" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
    <polygon fill="#8296a9" points="0,0 8,4 0,8"/>
  </marker>
  <marker id="up" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="5" markerHeight="5" orient="auto">
    <polygon fill="#c8102e" points="0,0 8,4 0,8"/>
  </marker>
</defs>
{parts}
</svg>
"""


def main() -> None:
    """Prints the numbers of a house, and draws it if asked to."""
    parser = argparse.ArgumentParser(prog="python -m tools.rooms", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=PACKAGE, help="a package folder (default: chainrule's)")
    parser.add_argument("--svg", type=Path, help="draw the picture into this file")
    given = parser.parse_args()
    house = house_of(given.folder.resolve())
    print(
        f"{len(house.floors)} rooms on {max(house.floors.values()) + 1} floors, {len(house.arrows)} arrows between them"
    )
    print(f"{len(house.upward)} point up: {', '.join(f'{a} → {b}' for a, b in sorted(house.upward)) or 'none'}")
    print(f"the largest circle of imports has {len(house.circle)} modules")
    counts = [len([*folder.glob("*.py")]) for folder in given.folder.rglob("*") if folder.is_dir()]
    print(f"the fullest folder has {max(counts)} modules")
    if given.svg:
        given.svg.write_text(picture(house), encoding="utf-8")


if __name__ == "__main__":
    main()
