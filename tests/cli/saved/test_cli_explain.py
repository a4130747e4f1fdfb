"""``chainrule explain``: pages of a saved model on one row of a table, and what it refuses."""

from __future__ import annotations

import contextlib
import re
import shutil
from pathlib import Path

import pytest
from support.command import QUICK, chainrule, table, write_csv

import chainrule as cr

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
    assert re.search(r"It becomes the label y:\n\n  y = ⎡[01]⎤\n", answer.out)


def test_a_regression_shows_how_its_target_is_standardised() -> None:
    """The label is (y − mean)/deviation, with its numbers."""
    answer = chainrule("explain", "sum.safetensors", "--data", "sum.csv")
    assert re.search(r"^  y = \(\S+ − \(?\S+\)/\S+ = \S+$", answer.out, re.MULTILINE)
    assert "The cost is the sum of squares" in answer.out


def test_one_entry_is_followed_along_its_paths() -> None:
    """--entry b1,2 shows the paths of b[1]₂ alone."""
    answer = chainrule("explain", "kind.safetensors", "--data", "kind.csv", "--entry", "b2,1")
    assert answer.out.startswith("∂J/∂b[2]₁, along every path\n")


@pytest.fixture
def networks(here: Path) -> Path:
    """Network files beside the models: rational numbers, and three classes."""
    cr.Network([cr.Layer([[1 / 3, -0.5]], [0.25], "relu"), cr.Layer([[2.0]], [-1.0], "identity")]).save(
        "net.safetensors"
    )
    cr.Network.dense([2, 3], output="softmax").save("classes.safetensors")
    write_csv(here / "rows.csv", [[1, 2, 3.5], [3, 1, 1]], ["x_1", "x_2", "y"])
    write_csv(here / "five.csv", [[1, 2, 0, 1, 0]], ["x_1", "x_2", "a", "b", "c"])
    write_csv(here / "odd.csv", [[1, "red", 3.5]], ["x_1", "x_2", "y"])
    return here


@pytest.mark.usefixtures("networks")
def test_a_network_file_is_explained_on_numbers() -> None:
    """x and y are numbers of the command line, or a row of a table of numbers; --exact writes fractions."""
    given = chainrule("explain", "net.safetensors", "--x", "3,1", "--y", "1", "--exact", "--learning-rate", 0.5)
    assert (given.code, given.err) == (0, "")
    assert "  a[1] = σ[1](z[1]) = max{0, 3/4} = 3/4\n" in given.out
    assert "\n1. The network\n" in given.out
    read = chainrule("explain", "net.safetensors", "--data", "rows.csv", "--row", 2, "--exact", "--learning-rate", 0.5)
    assert read == given
    entry = chainrule("explain", "net.safetensors", "--x", "3,1", "--y", "1/2", "--entry", "W1,1,2")
    assert entry.out.startswith("∂J/∂W[1]₁₂, along every path\n")


@pytest.mark.usefixtures("networks")
def test_a_class_is_a_label_of_a_cross_entropy() -> None:
    """--cost names the cost; with cross_entropy y may be a class, also in the last column of a table."""
    one = chainrule("explain", "classes.safetensors", "--x", "1,2", "--y", "1", "--cost", "cross_entropy")
    all_of_them = chainrule("explain", "classes.safetensors", "--x", "1,2", "--y", "0,1,0", "--cost", "cross_entropy")
    assert one.code == 0
    assert one == all_of_them
    assert one == chainrule("explain", "classes.safetensors", "--data", "five.csv", "--cost", "cross_entropy")
    third = chainrule("explain", "classes.safetensors", "--data", "rows.csv", "--row", 2, "--cost", "cross_entropy")
    assert third == chainrule("explain", "classes.safetensors", "--x", "3,1", "--y", "1", "--cost", "cross_entropy")


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("net.safetensors", "give the example: --data ROWS, or for a network file --x and --y."),
        ("net.safetensors --x 1,2", "give both --x and --y."),
        ("net.safetensors --x 1,2 --y 1 --data rows.csv", "give --data, or --x and --y, and not both."),
        ("net.safetensors --x 1,2 --y 1 --row 2", "--row: it is a row of --data, which is not given."),
        (
            "net.safetensors --x 1,two --y 1",
            "--x: give numbers with commas between them, such as 1,-2.5,1/3; got '1,two'",
        ),
        ("net.safetensors --x 1,2 --y nan", "--y: give numbers with commas between them"),
        ("net.safetensors --x 1,2,3 --y 1", "X must have shape "),
        ("net.safetensors --x 1,2 --y 1 --cost sum", "unknown cost 'sum'"),
        ("net.safetensors --x 1.23456789012,2 --y 1 --exact", "X must hold short fractions to be exact"),
        ("classes.safetensors --x 1,2 --y 0,1,0 --exact", "W[1] must hold short fractions to be exact"),
        (
            "net.safetensors --data five.csv",
            "--data: five.csv must have 3 columns for a network of sizes 2-1-1, x_1 to ",
        ),
        (
            "net.safetensors --data odd.csv",
            "--data: column 'x_2' must hold numbers for a network file; got 'red' in row 1",
        ),
        ("net.safetensors --x 1,2 --y 1 --network 2", "--network: a network file has one network; got 2."),
        ("net.safetensors --data rows.csv --row 3", "--row: give a row of rows.csv, 1 to 2; got 3."),
        (
            "kind.safetensors --x 1,2 --y 1",
            "--x: the model is one of tables, whose columns it encodes; give --data ROWS.",
        ),
    ],
)
def test_an_example_that_does_not_fit_is_refused(command: str, message: str) -> None:
    """One line names the option, what is expected and what came; the exit code is 2."""
    answer = chainrule("explain", *command.split())
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"Error: {message}")


@pytest.mark.usefixtures("networks")
def test_info_describes_a_network_file() -> None:
    """``info`` shows sizes, d, number type and layers of a network file, and what another file is."""
    answer = chainrule("info", "net.safetensors")
    assert answer.out.splitlines()[0] == "net.safetensors: network 2-1-1, d = 5 parameters; float64"
    assert [line.split()[-2:] for line in answer.out.splitlines()[3:]] == [["relu", "3"], ["identity", "2"]]
    cr.train(cr.Network.dense([1, 1]), [[1.0]], [[2.0]], epochs=1).state.save("state.safetensors")
    refused = chainrule("info", "state.safetensors")
    assert refused.code == 1
    assert "holds a 'training state'" in refused.err


@pytest.mark.usefixtures("networks")
def test_a_terminal_has_colours_and_a_pipe_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Factors are coloured in a terminal, unless NO_COLOR is set; without the colours the text is that of a pipe."""
    command = ("explain", "net.safetensors", "--x", "3,1", "--y", "1")
    plain = chainrule(*command).out
    assert "\x1b" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")  # Rich takes any stream for a terminal
    coloured = chainrule(*command).out
    assert "\x1b[94mW[1]\x1b[0m" in coloured
    wide = cr.load("net.safetensors").explain([3.0, 1.0], 1.0).text(120)
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == f"{wide}\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert re.search(r"\x1b\[\d*[3-9]\d", chainrule(*command).out) is None


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
