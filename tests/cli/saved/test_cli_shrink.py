"""``chainrule shrink``: a student on the command line."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from support.command import HEADER, QUICK, chainrule, write_csv

RNG = np.random.default_rng(0)
A = RNG.normal(size=(160, 2))
ROWS: list[list[object]] = [[*row, "uv"[k % 2], "yes" if row[0] > row[1] else "no"] for k, row in enumerate(A.tolist())]


@pytest.fixture(autouse=True)
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a model, its rows with and without the target, and others with it."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "rows.csv", ROWS[:120], HEADER)
    write_csv(tmp_path / "inputs.csv", [row[:3] for row in ROWS[:120]], HEADER[:3])
    write_csv(tmp_path / "new.csv", ROWS[120:], HEADER)
    assert chainrule("train", "rows.csv", "--target", "kind", "--out", "m.safetensors", *QUICK).code == 0


def test_a_student_is_saved_like_any_model() -> None:
    """It needs no target, has the name of the target and the layers asked for, and predicts, evaluates and exports."""
    answer = chainrule("shrink", "m.safetensors", "inputs.csv", "--out", "s.safetensors", "--hidden", 4, "--epochs", 5)
    assert (answer.code, answer.out) == (0, "")
    assert re.search(r"Saved s\.safetensors: \d+ parameters instead of [\d,]+\.", answer.err)
    assert chainrule("predict", "s.safetensors", "new.csv").out.startswith("kind\n")
    assert "-4-" in chainrule("info", "s.safetensors").out
    assert chainrule("export", "s.safetensors", "--out", "s.py").code == 0


def test_new_rows_compare_the_student() -> None:
    """With --held-out the teacher, the student and a network trained directly are printed side by side."""
    options = ["--hidden", "4", "--epochs", 5, "--held-out", "new.csv"]
    answer = chainrule("shrink", "m.safetensors", "rows.csv", "--out", "s.safetensors", *options)
    assert answer.code == 0
    assert "On 40 test rows" in answer.out
    assert all(name in answer.out for name in ("teacher", "student", "trained directly", "log-loss"))


REFUSALS = [
    # the options, and the message
    (["--out", "m.safetensors"], "--out: m.safetensors exists; give another name, or --force to replace it."),
    (["--out", "s.onnx"], "--out: give a file that ends in .safetensors; got 's.onnx'."),
    (["--out", "s.safetensors", "--hidden", "a"], "--hidden: give the sizes of the hidden layers, such as 64,32"),
    (["--out", "s.safetensors", "--held-out", "new.csv"], "in both tables; inputs.csv has none."),
]


@pytest.mark.parametrize(("options", "message"), REFUSALS, ids=["a file", "an ending", "sizes", "no target"])
def test_wrong_lines_are_answered_at_once(options: list[str], message: str) -> None:
    """The option is named, and nothing is written."""
    answer = chainrule("shrink", "m.safetensors", "inputs.csv", *options)
    assert answer.code != 0
    assert message in answer.err
    assert not Path("s.safetensors").exists()
