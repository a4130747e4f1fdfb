"""``chainrule explain``: pages of a saved model on one row of a table, and what it refuses."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest
from support.command import QUICK, chainrule, table, write_csv

pytest.importorskip("sklearn", "1.6")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a classifier of two classes and a regression, and the rows they were trained on."""
    folder = tmp_path_factory.mktemp("trained")
    rows = table(120)
    write_csv(folder / "kind.csv", rows)
    write_csv(folder / "sum.csv", [[*row[:3], float(str(row[0])) + float(str(row[1]))] for row in rows])
    with contextlib.chdir(folder):
        for name in ("kind", "sum"):
            assert chainrule("train", f"{name}.csv", "--target", "kind", *QUICK, "--quiet").code == 0
    return folder


@pytest.fixture(autouse=True)
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a copy of that folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_row_is_explained_from_its_encoding_on() -> None:
    """Step 0 has the values of the row, their encoding and the label; then come the sections of the page."""
    answer = chainrule("explain", "kind.safetensors", "--data", "kind.csv", "--row", 3, "--learning-rate", 0.1)
    assert (answer.code, answer.err) == (0, "")
    titles = re.findall(r"^(\d)\. ", answer.out, re.MULTILINE)
    assert titles[:9] == list("012345678")
    value = table(120)[2][0]
    assert re.search(rf"^  a +{re.escape(str(value))} +\(x − ", answer.out, re.MULTILINE)
    assert "The classes are numbered 0 = " in answer.out


def test_a_regression_shows_how_its_target_is_standardised() -> None:
    """The label is (y − mean)/deviation, with its numbers."""
    answer = chainrule("explain", "sum.safetensors", "--data", "sum.csv")
    assert re.search(r"^  y = \(\S+ − \(?\S+\)/\S+ = \S+$", answer.out, re.MULTILINE)
    assert "The cost is the sum of squares" in answer.out


def test_one_entry_is_followed_along_its_paths() -> None:
    """--entry b1,2 shows the paths of b[1]₂ alone."""
    answer = chainrule("explain", "kind.safetensors", "--data", "kind.csv", "--entry", "b2,1")
    assert answer.out.startswith("∂J/∂b[2]₁, along every path\n")


@pytest.mark.parametrize(
    ("name", "form", "start"),
    [
        ("page.html", None, "<!DOCTYPE html>"),
        ("page.md", None, "# The chain rule"),
        ("page.tex", None, "\\documentclass"),
        ("page.txt", "html", "<!DOCTYPE html>"),
    ],
)
def test_the_name_of_the_file_decides_on_the_form(here: Path, name: str, form: str | None, start: str) -> None:
    """--out page.html writes HTML, unless --format asks for another form; an older file is kept without --force."""
    asked = () if form is None else ("--format", form)
    answer = chainrule("explain", "kind.safetensors", "--data", "kind.csv", "--out", name, *asked)
    assert (answer.code, answer.out, answer.err) == (0, "", f"Wrote {name}.\n")
    assert (here / name).read_text(encoding="utf-8").startswith(start)
    again = chainrule("explain", "kind.safetensors", "--data", "kind.csv", "--out", name)
    assert (again.code, "exists" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--row", "0"), "--row: give a row of kind.csv, 1 to 120; got 0."),
        (("--entry", "W1"), "--entry: give W, a layer, a row and a column, such as W1,2,3, or b1,2; got 'W1'."),
        (("--entry", "W9,1,1"), "--entry: i must be a layer, 1 to "),
        (("--digits", "0"), "digits must be an integer ≥ 1; got 0."),
        (("--detail", "all"), 'detail must be "matrix" or "scalar"; got \'all\'.'),
        (("--lang", "fr"), "unknown language 'fr'"),
        (("--format", "pdf"), "--format: give text, markdown, latex, html; got 'pdf'."),
        (("--out", "page.pdf"), "--out: give a file that ends in .txt, .md, .tex or .html; got 'page.pdf'."),
        (("--network", "99"), "--network: give a network of the model, 1 to "),
    ],
)
def test_wrong_options_are_refused(arguments: tuple[str, ...], message: str) -> None:
    """One line names the option, what is expected and what came; the exit code is 2."""
    answer = chainrule("explain", "kind.safetensors", "--data", "kind.csv", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"Error: {message}")


def test_a_table_without_the_target_is_refused(here: Path) -> None:
    """An explanation needs the label."""
    write_csv(here / "new.csv", [row[:3] for row in table(5)], ["a", "b", "c"])
    answer = chainrule("explain", "kind.safetensors", "--data", "new.csv")
    assert answer == (1, "", "Error: new.csv has no target column 'kind'; an explanation needs the label.\n")
