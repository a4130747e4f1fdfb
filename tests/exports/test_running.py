"""The programs that check an export: their messages, and their end."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from support.exports import models

import chainrule as cr
from chainrule.exports import vectors
from chainrule.exports.evaluate import evaluate
from chainrule.exports.targets import running
from chainrule.exports.targets.running import output_of


def test_the_output_is_returned() -> None:
    """A program that ends well gives what it prints, in UTF-8."""
    assert output_of(sys.executable, "-X", "utf8", "-c", "print('σ')", shown="s.py").rstrip() == "σ"


@pytest.mark.parametrize(("code", "message"), [
    ("raise KeyError('age')", "s.py fails: KeyError: 'age'"),
    ("import sys; sys.exit('no such row')", "s.py fails: no such row"),
    ("import sys; sys.exit(3)", "s.py fails: exit code 3"),
    ("import sys; sys.exit('m.c: In function f:\\nm.c:1:2: error: x\\nnote: y')", "s.py fails: m.c:1:2: error: x"),
], ids=["an exception", "a text", "a code", "a compiler"])  # fmt: skip
def test_a_failure_has_one_line(code: str, message: str) -> None:
    """The message names the program and has the line of its output that names the error."""
    with pytest.raises(cr.ChainruleError) as raised:
        output_of(sys.executable, "-c", code, shown="s.py")
    assert str(raised.value) == message


def test_a_program_that_does_not_end_is_a_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After the limit of time there is a message in place of a TimeoutExpired, and nothing is written."""
    monkeypatch.setattr(running, "LIMIT_S", 0.01)
    with pytest.raises(cr.ChainruleError, match=r"m\.py did not end within 0 s, so that the export is not proved"):
        cr.export(cr.Network.dense([1, 1], seed=0), tmp_path / "m.py")
    assert list(tmp_path.iterdir()) == []


def test_the_plan_is_evaluated_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For a target of the model's number type the test rows are evaluated once; another needs bounds of its own."""
    units: list[float] = []

    def counted(plan: Any, rows: Any, unit: float) -> Any:
        units.append(unit)
        return evaluate(plan, rows, unit)

    monkeypatch.setattr(vectors, "evaluate", counted)
    cr.export(models.classifier(), tmp_path / "m.py")
    assert units == [2.0**-53]
    if shutil.which("cc"):
        cr.export(models.classifier(), tmp_path / "m.c", real="float")
        assert units[1:] == [2.0**-53, 2.0**-24]
