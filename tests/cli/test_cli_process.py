"""The command line as a process handles pipes, missing packages and terminals without Unicode."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.command import QUICK, Terminal, chainrule, process, table, write_csv
from support.patience import LIMIT

import chainrule as cr
from chainrule.cli import models
from chainrule.tables.target_decoder import ClassLabels


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with a table."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


def test_the_saved_network_is_the_best_one(here: Path) -> None:
    """The model has the θ of the epoch with the lowest validation J: training up to that epoch gives the same model."""
    command = ["train", "t.csv", "--target", "kind", *QUICK, "--optimizer", "adam"]
    assert chainrule(*command).code == 0
    model = models.load_model("t.safetensors")
    best = model.about["training"]["best_epoch"]
    assert chainrule(*command, "--epochs", str(max(best)), "--out", "again.safetensors").code == 0
    again = models.load_model("again.safetensors")
    assert again.about["training"]["best_epoch"] == best
    assert all(np.array_equal(a.theta, b.theta) for a, b in zip(again.networks, model.networks, strict=True))


def test_version_as_a_module(here: Path) -> None:
    """``python -m chainrule --version`` prints the package's version and nothing else."""
    out, err = process("--version", cwd=here).communicate(timeout=LIMIT)
    assert (out, err) == (f"chainrule {cr.__version__}\n", "")


def test_help_shows_examples() -> None:
    """--help of the program and of each command shows lines to type, and each option has its help."""
    for command in ("train", "predict", "evaluate", "info"):
        answer = chainrule(command, "--help")
        assert answer.code == 0
        assert f"\n  chainrule {command} " in answer.out
        assert f"\n  {command} " in chainrule("--help").out


@pytest.mark.parametrize("missing", ["typer", "rich", "pyarrow", "matplotlib", "sklearn"])
def test_missing_extra(here: Path, missing: str) -> None:
    """Without a package of the extra, one line shows the command that installs it; the exit code is 1."""
    code = f"import sys; sys.modules[{missing!r}] = None; from chainrule.cli import main; sys.exit(main())"
    command = process("train", "t.csv", "--target", "kind", cwd=here, code=code)
    out, err = command.communicate(timeout=LIMIT)
    assert (command.returncode, out) == (1, "")
    assert err.endswith("pip install 'chainrule[cli]'\n")
    assert missing in err
    assert len(err.splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGPIPE")
def test_a_closed_pipe_is_no_error(here: Path) -> None:
    """``chainrule predict … | head`` ends without a message, however much is left to write."""
    write_csv(here / "many.csv", table(20_000))
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK).code == 0
    with process("predict", "t.safetensors", "many.csv", "--proba", cwd=here) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert command.stdout.readline().startswith("kind,")
        command.stdout.close()
        assert command.stderr.read() == ""
    assert command.returncode == 1


NO_STDOUT = [
    # the command, the redirection of stdout, the exit code, stderr
    (
        "predict t.safetensors t.csv",
        ">&-",
        2,
        "Error: standard output is closed. Name a file, --out predictions.csv.\n",
    ),
    ("predict t.safetensors t.csv --out p.csv", ">&- 2>&-", 0, ""),
    ("evaluate t.safetensors t.csv", ">&-", 0, ""),
    ("--help", ">&-", 0, ""),
    ("train t.csv --target kind --quiet --epochs 1 --force", ">&-", 0, ""),
    ("info t.safetensors", ">&- 2>&-", 0, ""),
    ("train nowhere.csv", "2>&-", 2, ""),
    ("predict t.safetensors t.csv", ">/dev/full", 1, "Error: No space left on device.\n"),
    ("evaluate t.safetensors t.csv", ">/dev/full", 1, "Error: No space left on device.\n"),
    ("--version", ">/dev/full", 1, "Error: No space left on device.\n"),
    ("train nowhere.csv", "2>/dev/full", 2, ""),
]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /dev/full")
def test_a_closed_or_full_stdout(here: Path) -> None:
    """A stream that the shell has closed takes everything but predictions; one that is full is an error of one line."""
    assert chainrule("train", "t.csv", "--target", "kind", *QUICK).code == 0
    for command, redirection, code, says in NO_STDOUT:
        shell = f"{shlex.quote(sys.executable)} -m chainrule {command} {redirection}"
        answer = subprocess.run(["sh", "-c", shell], cwd=here, capture_output=True, text=True, check=False)
        assert (answer.returncode, answer.stdout, answer.stderr) == (code, "", says), shell


def test_a_reader_that_leaves_does_not_cost_the_model(here: Path) -> None:
    """The model is saved before the results are printed, which a reader of the pipe may not wait for."""
    with process("train", "t.csv", "--target", "kind", *QUICK, cwd=here) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        assert "Saved t.safetensors" in command.stderr.read()
    assert command.returncode == 1
    assert chainrule("info", "t.safetensors").code == 0


@pytest.mark.parametrize(
    "environment", [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}]
)
def test_predictions_are_utf_8_whatever_the_locale(here: Path, environment: dict[str, str]) -> None:
    """In a file or a pipe stdout is UTF-8 with plain line ends: no label becomes question marks."""
    kinds = {"no": "большой", "yes": "σ€🙂"}
    write_csv(here / "u.csv", [[*row[:3], kinds[str(row[3])]] for row in table()])
    assert chainrule("train", "u.csv", "--target", "kind", *QUICK, "--quiet").code == 0
    assert chainrule("predict", "u.safetensors", "u.csv", "--out", "p.csv").code == 0
    command = [sys.executable, "-m", "chainrule", "predict", "u.safetensors", "u.csv"]
    answer = subprocess.run(command, cwd=here, env={**os.environ, **environment}, capture_output=True, check=True)
    assert answer.stdout == (here / "p.csv").read_bytes()
    assert set(kinds.values()) <= {line.partition(",")[0] for line in answer.stdout.decode().splitlines()}
    assert answer.stderr == b""


def test_a_label_that_is_no_text_is_refused(here: Path) -> None:
    """Half a pair of UTF-16 in a class, which a model's JSON may hold, is an error of one line, to stdout and --out."""
    write_csv(here / "u.csv", table())
    assert chainrule("train", "u.csv", "--target", "kind", *QUICK).code == 0
    model = models.load_model("u.safetensors")
    labels = ClassLabels(np.array(["no", "\ud800"]), model.target.shares)  # type: ignore[union-attr]
    replace(model, target=labels).save("odd.safetensors")
    for more in ([], ["--out", "p.csv"], ["--out", "p.parquet"]):
        out, err = process("predict", "odd.safetensors", "u.csv", *more, cwd=here).communicate(timeout=LIMIT)
        assert err == "Error: the text '\\ud800' cannot be written as UTF-8.\n", more
        assert "Traceback" not in out
    assert not {"p.csv", "p.parquet"} & {path.name for path in here.iterdir()}


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_without_unicode(here: Path) -> None:
    """Letters that an ASCII terminal does not have become question marks, not errors."""
    command = ["train", "t.csv", "--target", "c", "--drop", "kind", *QUICK]
    terminal = Terminal(*command, cwd=here, PYTHONIOENCODING="ascii")
    text = terminal.end()
    assert terminal.process.returncode == 0, text
    assert "R?" in text
