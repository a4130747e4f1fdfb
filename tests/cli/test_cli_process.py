"""The command line as a process handles pipes, Ctrl-C, missing packages and terminals without Unicode."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from support.command import QUICK, UNENDING, chainrule, process, table, write_csv
from support.patience import ENDLESS, LIMIT

import chainrule as cr
from chainrule.cli import models


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with a table."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to another process")
def test_ctrl_c_keeps_the_best_network(here: Path) -> None:
    """SIGINT during training ends it with exit code 130; the best networks are measured and saved to intact files."""
    command = process("train", "t.csv", "--target", "kind", "--layers", "8", *UNENDING, cwd=here)
    assert command.stderr is not None
    for line in command.stderr:
        if re.match("epoch [1-9]", line):
            break
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=LIMIT)
    assert command.returncode == 130, err
    assert "(interrupted); kept the best epoch of each" in err
    assert "accuracy" in out
    assert "Traceback" not in err
    training = models.load_model("t.safetensors").about["training"]
    assert training["stopped"] == "interrupted"
    assert max(training["best_epoch"]) <= training["epochs"] < ENDLESS
    assert chainrule("evaluate", "t.safetensors", "t.csv").code == 0
    assert (here / "t.png").read_bytes()[:4] == b"\x89PNG"
    assert sorted(path.name for path in here.iterdir()) == ["t.csv", "t.png", "t.safetensors"]


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
    with process("predict", "t.safetensors", "many.csv", cwd=here) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        assert command.stdout.readline().startswith("prediction,")
        command.stdout.close()
        assert command.stderr.read() == ""
    assert command.returncode == 1


def test_a_terminal_without_unicode(here: Path) -> None:
    """Letters that an ASCII terminal does not have become question marks, not errors."""
    command = process("train", "t.csv", "--target", "c", "--drop", "kind", *QUICK, cwd=here, PYTHONIOENCODING="ascii")
    out, err = command.communicate(timeout=LIMIT)
    assert command.returncode == 0, err
    assert "R?" in out
