"""The shell's completion of a command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import chainrule, table, write_csv

COMPLETED = [
    # the words on the line, of which the last is incomplete, and how it is completed
    ("pre", ["predict"]),
    ("train --targ", ["--target"]),
    ("train --preset b", ["best"]),
    ("train --task c", ["classification"]),
    ("train --optimizer adam", ["adam", "adamw"]),
    ("train --activation sig", ["sigmoid"]),
    ("train t.csv --target k", ["kind"]),
    ("train t.csv --target a,k", ["a,kind"]),
    ("train iris --drop petal", ["petal length (cm)", "petal width (cm)"]),
    ("train no.csv --target k", []),
    ("train t.parquet --target k", []),
    ("train --target k", []),
    ("predict m.safetensors t.csv --keep ", ["a", "b", "c", "kind"]),
    ("predict m.safetensors t.csv --keep a,k", ["a,kind"]),
]


@pytest.mark.parametrize(("line", "completed"), COMPLETED)
def test_a_shell_completes(
    line: str, completed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Commands, options, names of presets, optimizers and activations, and the columns of the table are completed."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table(5))
    monkeypatch.setenv("_CHAINRULE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"chainrule {line}")
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" "))))
    answer = chainrule()
    assert answer.out.strip().splitlines() == completed
    assert answer.err == ""
