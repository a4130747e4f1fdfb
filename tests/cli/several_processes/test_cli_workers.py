"""``chainrule train`` in several processes: those that it starts, and those of a launcher."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.command import QUICK, chainrule, table, write_csv
from support.several_processes.launched import begun, ended

from chainrule.cli import models
from chainrule.processes import started

TRAIN = ("train", "t.csv", "--target", "kind", *QUICK, "--out")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with a table."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "t.csv", table())
    return tmp_path


def thetas(path: str) -> list[bytes]:
    """θ of each network of a model, as bytes."""
    return [net.theta.tobytes() for net in models.load_model(path).networks]


def test_workers_train_the_same_networks(here: Path) -> None:
    """``--workers 2`` gives bitwise the networks of one process, with one line of progress and one of results."""
    assert chainrule(*TRAIN, "one.safetensors").code == 0
    answer = chainrule(*TRAIN, "two.safetensors", "--workers", 2)
    assert answer.code == 0, answer.err
    assert answer.out.count("Results on 16 test rows") == 1
    assert thetas("two.safetensors") == thetas("one.safetensors")


def test_folds_share_the_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``--folds`` the processes are started once, and the measures are those of one process, fold by fold."""
    counts: list[int] = []

    def counted(count: int, *arguments: Any) -> Any:
        counts.append(count)
        return start(count, *arguments)

    start = started.started
    monkeypatch.setattr(started, "started", counted)
    folds = "train", "t.csv", "--target", "kind", *QUICK, "--folds", 3, "--quiet"
    one, two = chainrule(*folds), chainrule(*folds, "--workers", 2)
    assert two.code == 0, two.err
    assert two.out == one.out
    assert counts == [1]


def test_a_launcher_prints_once_and_writes_once(here: Path) -> None:
    """In two processes of a launcher the first one alone prints and writes, and the networks are the same."""
    pytest.importorskip("torch")
    assert chainrule(*TRAIN, "one.safetensors").code == 0
    first, second = ended(begun(2, ["-m", "chainrule", *TRAIN, "two.safetensors"], here))
    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert first.out.count("Results on 16 test rows") == 1
    assert "Saved two.safetensors" in first.err
    assert (second.out, second.err) == ("", "")
    assert sorted(path.name for path in here.iterdir()) == [
        "one.png", "one.safetensors", "t.csv", "two.png", "two.safetensors",
    ]  # fmt: skip
    assert thetas("two.safetensors") == thetas("one.safetensors")


def test_a_launcher_without_a_meeting_point_is_refused(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that do not know where to meet end with the variables to set."""
    for name, value in (("PMI_RANK", "0"), ("PMI_SIZE", "2")):
        monkeypatch.setenv(name, value)
    answer = chainrule("info", "t.csv")
    assert answer.code == 1
    assert "Set MASTER_ADDR" in answer.err


@pytest.mark.parametrize("number", ["0", "-1"])
def test_a_wrong_number_of_workers_is_refused(number: str) -> None:
    """``--workers`` is a number ≥ 1, and wrong usage otherwise."""
    answer = chainrule(*TRAIN, "two.safetensors", "--workers", number)
    assert answer.code == 2
    assert "--workers: the number must be an integer ≥ 1" in answer.err
