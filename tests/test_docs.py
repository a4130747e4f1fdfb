"""README.md and the pages of docs/: what they show is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def python_of(page: Path) -> str:
    """The page's ``python`` blocks as one program, each line where it stands in the page: errors point there."""
    lines: list[str] = []
    inside = False
    for line in page.read_text(encoding="utf-8").splitlines():
        starts = line.strip() == "```python"
        inside = starts or (inside and line.strip() != "```")
        lines.append(line if inside and not starts else "")
    return "\n".join(lines)


@pytest.mark.parametrize("page", [p for p in PAGES if python_of(p).strip()], ids=lambda page: page.name)
def test_examples_print_what_their_comments_say(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every Python block of a page runs, in order, and ``print(…)  # text`` prints that text."""
    program = python_of(page)
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", program, re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    exec(compile(program, str(page), "exec"), {"__name__": "example"})
    assert capsys.readouterr().out.splitlines() == promised


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file of the repository."""
    targets = re.findall(r"\]\(([\w./-]+)(?:#[\w-]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_tour_is_twenty_lines() -> None:
    """README's tour stays a tour: at most twenty lines of code."""
    assert 10 <= sum(bool(line.strip()) for line in python_of(ROOT / "README.md").splitlines()) <= 20


@pytest.mark.parametrize("ending", ["chainrule train digits", "pytest -n auto"])
def test_readme_has_one_line_commands(ending: str) -> None:
    """README holds both commands, each one line that starts from nothing; ``.ci/run`` finds them in the same way."""
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    commands = [line for line in lines if line.startswith("python3 -m venv ")]
    assert len(commands) == 2
    assert [line.endswith(ending) for line in commands].count(True) == 1
