"""The packages that a command loads before it refuses a wrong command line, so that the answer comes at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.command import table, write_csv

from chainrule.cli import main
from chainrule.cli.inputs import bundled

HEAVY = {"matplotlib", "pandas", "pyarrow", "scipy", "sklearn"}
LATE = {"rich", "chainrule.tables.encoding.encoder", "chainrule.tables.model"}  # needed where there is something to do

WITHOUT_THE_TABLE = [
    # the command and its exit code
    ("", 2),
    ("--help", 0),
    ("train --help", 0),
    ("trian", 2),
    ("train", 2),
    ("train t.csv --nope", 2),
    ("train t.csv --epochs ten", 2),
    ("train nowhere.csv", 2),
    ("train digit", 2),
    ("train t.xlsx", 2),
    ("train .", 2),
    ("train t.csv --preset bst", 2),
    ("train t.csv --layers 8,x", 2),
    ("train t.csv --optimizer adan", 2),
    ("train t.csv --activation rellu", 2),
    ("train t.csv --engine referense", 2),
    ("train t.csv --task class", 2),
    ("train t.csv --learning-rate 0", 2),
    ("train t.csv --test-fraction 1", 2),
    ("train t.csv --out m.onnx", 2),
    ("train t.csv --out t.csv/m", 1),
    ("train t.csv --out taken.safetensors", 2),
    ("train iris --target specis", 2),
    ("train digits --drop pixel_8_8", 2),
    ("train wine --category alcohl", 2),
    ("predict nowhere.safetensors t.csv", 2),
    ("predict t.csv t.csv", 1),
    ("predict taken.safetensors t.csv", 1),
    ("predict taken.safetensors t.csv --out p.json", 2),
    ("predict taken.safetensors t.csv --out t.csv", 2),
    ("evaluate taken.safetensors t.csv", 1),
    ("doctor nowhere.safetensors t.csv", 2),
    ("explain nowhere.safetensors --data t.csv", 2),
    ("info", 2),
    ("info nowhere.safetensors", 2),
    ("serve nowhere.safetensors", 2),
]

WITH_THE_NAMES = [
    ("train t.csv", 2),
    ("train t.csv --target knd", 2),
    ("train t.csv --target kind --drop bb", 2),
    ("train t.csv --target kind --category bb", 2),
    ("train mixed.csv", 2),
    ("train mixed.csv --target knd", 2),
    ("train mixed.csv --target kind --drop bb", 2),
    ("train mixed.csv --target kind --category bb", 2),
]

WITH_THE_TABLE = [
    ("train t.csv --target kind --class-weight maybe=2", 2),
    ("train t.csv --target a --class-weight balanced", 2),
    ("train t.csv --target kind --task regression", 1),
    ("train gaps.csv --target kind --class-weight maybe=2", 2),
]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with tables and files that are neither a table nor a model."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table(20))
    mixed = "b,d,n,x,kind\ntrue,2020-01-31,,1.5,yes\nfalse,2020-02-01,7,,no\n"
    (tmp_path / "mixed.csv").write_text(mixed, encoding="utf-8")
    gaps = "a,b,when,kind\n" + 5 * "1.5,?,2020-01-31,yes\nNA,007,?,no\n,013,2020-02-01,yes\n"
    (tmp_path / "gaps.csv").write_text(gaps, encoding="utf-8")
    (tmp_path / "t.xlsx").touch()
    (tmp_path / "taken.safetensors").touch()
    return tmp_path


def run_each(commands: list[tuple[str, int]], forbidden: set[str]) -> None:
    """Runs commands in a fresh process, and checks the exit code and the loaded packages after each."""
    program = f"""
import contextlib, io, sys
from chainrule.cli import main
for command, code in {commands!r}:
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(command.split()) == code, command
    assert not {forbidden!r} & set(sys.modules), command"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stderr


def test_a_wrong_option_or_name_loads_no_heavy_package() -> None:
    """An error that needs no table is reported before any package for tables, charts or science is imported."""
    run_each([(command, code) for command, code in WITHOUT_THE_TABLE if code != 1], HEAVY | LATE)
    run_each(WITHOUT_THE_TABLE, HEAVY)


@pytest.mark.parametrize("name", bundled.INPUTS)
def test_the_columns_of_bundled_sets_are_known(name: str) -> None:
    """Their names, by which a wrong one is refused, are those of scikit-learn."""
    datasets = pytest.importorskip("sklearn.datasets")
    data = getattr(datasets, f"load_{name}")()
    assert bundled.INPUTS[name] == tuple(map(str, data.feature_names))
    assert bundled.load(name).columns.floats(bundled.INPUTS[name])[:].tolist() == data.data.tolist()


def test_a_wrong_column_is_found_in_the_first_lines(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The names of a long CSV file decide before the file is read as a whole, of which the last line is wrong here."""
    (here / "long.csv").write_text("a,b,kind\n" + 40_000 * "1.5,2.5,yes\n" + "1,2,3,4\n", encoding="utf-8")
    for line, says in {
        "train long.csv": "has no default target",
        "train long.csv --target knd": "has no column 'knd'; did you mean 'kind'?",
        "train long.csv --target kind --drop c": "--drop: long.csv has no column 'c'",
        "train long.csv --target kind --category c": "--category: long.csv has no column 'c'",
    }.items():
        assert main(line.split()) == 2
        assert says in capsys.readouterr().err
    assert main(["train", "long.csv", "--target", "kind"]) == 1
    assert "line 40002 has 4 values" in capsys.readouterr().err


def test_a_wrong_column_or_value_loads_the_reader_alone() -> None:
    """An error about the columns of a CSV file, or their values, imports pyarrow alone, and no pandas."""
    run_each(WITH_THE_NAMES + WITH_THE_TABLE, HEAVY - {"pyarrow"})
