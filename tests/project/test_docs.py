"""README.md and docs/: examples print what they show, links lead to files, and the API reference is complete."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import estimators, explain, exports, plot, symbolic, tables, teaching

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PROSE = [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def name_of(page: Path) -> str:
    """The path of a page in the repository, for the names of the tests."""
    return page.relative_to(ROOT).as_posix()


def write_tables(folder: Path) -> None:
    """Writes the tables that README and the start page call the reader's own: penguins.csv and new-penguins.csv."""
    rng = np.random.default_rng(0)
    lines = ["species,island,bill_length,body_mass"]
    for species, island, length, mass in [("Adelie", "Torgersen", 39, 3.7), ("Gentoo", "Biscoe", 47, 5.1)] * 20:
        lines.append(f"{species},{island},{rng.normal(length, 2):.1f},{rng.normal(mass, 0.3):.2f}")
    (folder / "penguins.csv").write_text("\n".join([*lines, "Adelie,,38.5,"]) + "\n", encoding="utf-8")
    (folder / "new-penguins.csv").write_text("island,bill_length,body_mass\nBiscoe,46.1,5.0\n", encoding="utf-8")


def python_of(page: Path) -> str:
    """The page's ``python`` blocks as one program, with the line numbers of the page, so that errors point there."""
    lines: list[str] = []
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        starts = line.strip() == "```python"
        inside = starts or (inside and line.strip() != "```")
        lines.append(line if inside and not starts else "")
    return "\n".join(lines)


# A page that shows the name of the native engine needs the compiled core.
PROGRAMS = [
    pytest.param(page, marks=[pytest.mark.native] if ")  # native\n" in python_of(page) else [], id=name_of(page))
    for page in PAGES
    if python_of(page).strip()
]


@pytest.mark.parametrize("page", PROGRAMS)
def test_examples_print_what_their_comments_say(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The Python blocks of a page run in order, and ``print(…)  # text`` prints that text."""
    program = python_of(page)
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", program, re.MULTILINE)
    write_tables(tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, str(page), "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.splitlines() == promised


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file of the repository."""
    targets = re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PROSE, ids=name_of)
def test_lines_and_cells_are_short(page: Path) -> None:
    """No line of a page has more than 120 characters, and no cell of a table more than 25 words."""
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > 120] == []
    cells = [cell for line in lines if line.startswith("|") for cell in line.strip("|").split("|")]
    assert [cell for cell in cells if len(re.findall(r"[^\W_]+", cell)) > 25] == []


def test_the_reference_has_every_public_name_once() -> None:
    """Each name of each ``__all__`` is one entry of docs/api/, under one of the modules that have it."""
    directive = re.compile(r"^\.\. auto(?:class|function|data|exception|module):: (\S+)$", re.MULTILINE)
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md")]
    entries = [entry for page in pages for entry in directive.findall(page)]
    shown = [id(functools.reduce(getattr, entry.split(".")[1:], cr)) for entry in entries]
    modules = (cr, cr.callbacks, cr.data, cr.engines, estimators, explain, exports, plot, symbolic, tables, teaching)
    public = {(module, name) for module in modules for name in module.__all__}
    counts = {f"{module.__name__}.{name}": shown.count(id(getattr(module, name))) for module, name in public}
    assert {name: count for name, count in counts.items() if count != 1} == {}


def test_the_examples_of_the_readme_are_short() -> None:
    """README trains on a table in at most four lines, uses the model in two, and tours the chain rule in twenty."""
    blocks = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    lines = [sum(bool(line.strip()) for line in block.splitlines()) for block in blocks]
    assert len(lines) == 3
    assert all(count <= most for count, most in zip(lines, (4, 2, 20), strict=True))


@pytest.mark.parametrize("ending", ["chainrule train digits", "pytest -n auto"])
def test_readme_has_one_line_commands(ending: str) -> None:
    """README holds both commands, each one line that starts from nothing; ``.ci/run`` finds them in the same way."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("python3 -m venv ")]
    assert len(commands) == 2
    assert [line.endswith(ending) for line in commands].count(True) == 1
