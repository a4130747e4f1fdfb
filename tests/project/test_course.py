"""The course of docs/course/: every chapter runs, and its exercises have solutions that are checked by code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.project.notebooks import run

COURSE = Path(__file__).resolve().parents[2] / "docs" / "course"
CHAPTERS = sorted(COURSE.glob("[1-9]-*.md"))
MOST_LINES = 45  # that a chapter prints


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_runs(chapter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The cells run in order, the numbers that the last one asserts are right, and little is printed."""
    pytest.importorskip("matplotlib")
    if "sklearn" in chapter.read_text(encoding="utf-8"):
        pytest.importorskip("sklearn")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    run(chapter)
    assert len(capsys.readouterr().out.splitlines()) <= MOST_LINES


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: path.stem)
def test_each_exercise_has_a_solution_that_is_checked(chapter: Path) -> None:
    """A chapter ends with three to five exercises; each has one solution, and a part of the last cell."""
    exercises = chapter.read_text(encoding="utf-8").partition("\n## Exercises\n")[2]
    numbers = re.findall(r"^\*\*(\d)\.\*\* ", exercises, re.MULTILINE)
    assert numbers == [str(k) for k in range(1, len(numbers) + 1)]
    assert 3 <= len(numbers) <= 5
    assert exercises.count("<details><summary>Solution</summary>") == exercises.count("</details>") == len(numbers)
    last_cell = exercises.rpartition("```{code-cell} python")[2]
    assert re.findall(r"^# Exercise (\d)$", last_cell, re.MULTILINE) == numbers


def test_the_map_has_every_chapter() -> None:
    """The map links each chapter and its notebook once, in order."""
    page = (COURSE / "index.md").read_text(encoding="utf-8")
    names = [chapter.stem for chapter in CHAPTERS]
    assert re.findall(r"^\| .*\]\((\S+)\.md\)", page, re.MULTILINE) == names
    assert re.findall(r"\{nb-download\}`.*<(\S+)\.ipynb>`", page) == names
