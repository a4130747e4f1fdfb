"""``chainrule train --checkpoint --resume``: the same command again continues, and gives the same model."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from support.command import chainrule, process, table, write_csv
from support.patience import LIMIT, wait_until

import chainrule as cr
from chainrule.tables import load

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="no signals to another process")
TRAIN = ("train", "t.csv", "--target", "kind", "--layers", "8", "--epochs", "150", "--checkpoint", "run")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with a table."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


def thetas(path: str) -> list[bytes]:
    """θ of each network of a model."""
    return [net.theta.tobytes() for net in load(path).networks]


@on_unix
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_a_command_that_was_ended_continues(here: Path, name: str) -> None:
    """After SIGKILL or SIGTERM at any moment the same command with --resume gives the networks of an
    uninterrupted one, bit for bit; after a signal that it can handle, stderr says how to continue."""
    assert chainrule(*TRAIN, "--out", "whole.safetensors").code == 0
    os.rename("run", "of the whole")
    command = process(*TRAIN, "--out", "m.safetensors", cwd=here, OMP_NUM_THREADS="1")
    wait_until(lambda: (os.path.isdir("run") and len(os.listdir("run")) > 2) or command.poll() is not None)
    command.send_signal(getattr(signal, name))
    err = command.communicate(timeout=LIMIT)[1]
    if command.returncode not in (0, -signal.SIGKILL):  # there are checkpoints, perhaps before the first epoch
        assert err.endswith(". --checkpoint run --resume continues the training.\n")
        assert "nothing was saved" not in err
    answer = chainrule(*TRAIN, "--resume", "--out", "m.safetensors", "--force")
    assert (answer.code, "Checkpoints in run: training continues from those of" in answer.err) == (0, True)
    assert thetas("m.safetensors") == thetas("whole.safetensors")
    assert load("m.safetensors").calibration == load("whole.safetensors").calibration


def test_a_metric_chooses_the_epoch_of_a_training_in_two_parts(here: Path) -> None:
    """With --scoring each network keeps its best epoch by that metric, over both parts; another metric is refused."""
    metric = ("--scoring", "neg_log_loss", "--quiet", "--learning-rate", "0.001")
    assert chainrule(*TRAIN, *metric, "--epochs", "9").code == 0
    assert chainrule(*TRAIN, *metric, "--epochs", "20", "--resume", "--out", "more.safetensors").code == 0
    about = load("more.safetensors").about
    assert about["training"]["scoring"] == "neg_log_loss"
    courses = about["scoring"]["courses"]
    assert [course["epochs"] for course in courses] == [list(range(1, 21))] * 8
    assert about["training"]["best_epoch"] == [course["best_epoch"] for course in courses]
    assert [course["best_epoch"] for course in courses] == [1 + int(np.argmin(course["values"])) for course in courses]
    other = chainrule(*TRAIN, *metric, "--scoring", "accuracy", "--resume", "--out", "other.safetensors")
    assert (other.code, "began with another scoring" in other.err) == (1, True)
    wrong = chainrule(*TRAIN, "--scoring", "acuracy", "--resume", "--out", "wrong.safetensors")
    assert (wrong.code, "--scoring: unknown scoring 'acuracy'; did you mean 'accuracy'?" in wrong.err) == (2, True)


def test_resume_begins_if_there_is_nothing(here: Path) -> None:
    """With --resume and no folder the training begins, and each file is a network; without it a folder with
    checkpoints is refused."""
    answer = chainrule(*TRAIN, "--resume")
    assert (answer.code, "Checkpoints in run: training begins." in answer.err) == (0, True)
    files = sorted(Path("run").iterdir())
    assert [file.name for file in files] == [f"network-{j}.safetensors" for j in range(1, 9)]
    assert np.isfinite(cr.load(files[0]).theta).all()
    answer = chainrule(*TRAIN)
    assert answer.code == 2
    assert "--checkpoint: the folder run holds checkpoints of 8 networks" in answer.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--resume",), 2, "--resume continues from --checkpoint FOLDER; name the folder."),
        (("--checkpoint", "run", "--time-limit", "9"), 2, "--checkpoint does not go with --time-limit"),
        (("--checkpoint", ""), 2, "--checkpoint: path must name a file"),
        (("--checkpoint", "t.csv"), 1, "'t.csv': File exists."),
        (("--checkpoint", "run", "--resume", "--seed", "1"), 1, "is the checkpoint of another run"),
    ],
)  # fmt: skip
def test_wrong_usage(options: tuple[str, ...], code: int, words: str, here: Path) -> None:
    """Options that do not go together, a folder that is a file, and checkpoints of other rows are refused by name."""
    chainrule("train", "t.csv", "--target", "kind", "--layers", "8", "--epochs", "2", "--checkpoint", "run")
    answer = chainrule("train", "t.csv", "--target", "kind", "--layers", "8", "--epochs", "2", *options)
    assert (answer.code, words in answer.err) == (code, True), answer.err
