"""``chainrule doctor``: what it says about a table with faults, and what it refuses."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest
from support.command import HEADER, QUICK, chainrule, table, write_csv

pytest.importorskip("sklearn", "1.6")

YEAR = [*HEADER[:3], "year", HEADER[3]]


def with_year(rows: list[list[object]]) -> list[list[object]]:
    """Rows with a constant column before the target."""
    return [[*row[:3], 2020, row[3]] for row in rows]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of a table without faults, and one of a table with a constant column."""
    folder = tmp_path_factory.mktemp("trained")
    write_csv(folder / "good.csv", table(200))
    write_csv(folder / "year.csv", with_year(table(200)), YEAR)
    with contextlib.chdir(folder):
        for name in ("good", "year"):
            assert chainrule("train", f"{name}.csv", "--target", "kind", *QUICK, "--quiet").code == 0
    return folder


@pytest.fixture(autouse=True)
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a copy of that folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_healthy_table() -> None:
    """There is nothing to say, on stderr neither."""
    answer = chainrule("doctor", "good.safetensors", "good.csv")
    assert answer == (0, "good.safetensors on 200 rows of good.csv: no findings.\n", "")


def test_a_finding_has_evidence_and_an_option() -> None:
    """A numbered finding, its evidence, and the option of ``chainrule train`` that removes it."""
    answer = chainrule("doctor", "year.safetensors", "year.csv")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "year.safetensors on 200 rows of year.csv: 1 finding.",
        "",
        "1. columns left out",
        "   The model does not use 'year' (1 of 4 columns): constant in the training rows.",
        "   Correct it, or leave it out: --drop year.",
    ]


def test_the_option_removes_the_finding() -> None:
    """Typed as it is shown, it gives a model without findings."""
    assert chainrule("train", "year.csv", "--target", "kind", "--drop", "year", *QUICK, "--quiet", "--force").code == 0
    assert "no findings" in chainrule("doctor", "year.safetensors", "year.csv").out


def test_a_trial_is_reported(here: Path) -> None:
    """With --try, training again on rows that have moved is a gain, in numbers; stderr says what takes time."""
    write_csv(here / "moved.csv", [[float(str(row[0])) + 5.0, *row[1:]] for row in table(80, seed=1)])
    answer = chainrule("doctor", "good.safetensors", "good.csv", "--held-out", "moved.csv", "--try")
    assert answer.code == 0
    assert answer.err == "Trying the remedies, each on five splits of the rows …\n"
    lines = answer.out.splitlines()
    drift = lines.index(next(line for line in lines if line.endswith(". drift")))
    assert "80 held-out rows" in lines[drift + 1]
    assert "on held-out rows, a gain of " in lines[drift + 3]


def test_a_table_without_names(here: Path) -> None:
    """An array file is matched by position, and its y is the target."""
    import numpy as np

    rows = table(200)
    X, y = np.array([row[:3] for row in rows], dtype=float), np.array([row[3] for row in rows])
    np.savez(here / "arrays.npz", X=X, y=y)
    assert chainrule("train", "arrays.npz", *QUICK, "--quiet").code == 0
    assert chainrule("doctor", "arrays.safetensors", "arrays.npz").out.endswith("arrays.npz: no findings.\n")


def test_refusals(here: Path) -> None:
    """A table without the target, and files that are not there."""
    write_csv(here / "new.csv", [row[:3] for row in table(20)], HEADER[:3])
    answer = chainrule("doctor", "good.safetensors", "new.csv")
    assert (answer.code, answer.err) == (1, "Error: new.csv has no target column 'kind', which a diagnosis needs.\n")
    assert chainrule("doctor", "goood.safetensors", "good.csv").code == 2
    answer = chainrule("doctor", "good.safetensors", "good.csv", "--held-out", "goood.csv")
    assert answer.code == 2
    assert "did you mean 'good.csv'?" in answer.err
