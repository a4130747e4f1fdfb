"""``chainrule info --scale``: the rule by which several processes pay, with times of this machine."""

from __future__ import annotations

import pytest
from support.command import chainrule

import chainrule as cr
from chainrule.cli.saved import scale
from chainrule.engines.data_parallel.scale import step_and_row
from chainrule.processes.exchange_times import exchange_times


def test_the_rule_follows_from_the_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """From exchange / row on two processes gain, and from (3 exchange + step) / row on they are 1.5 times as fast."""
    monkeypatch.setattr(scale, "step_and_row", lambda net: (0.0004, 2e-6))
    monkeypatch.setattr(scale, "exchange_times", lambda lengths: [0.001] * len(lengths))
    answer = chainrule("info", "--scale")
    assert answer.code == 0, answer.err
    (line,) = [line.split() for line in answer.out.splitlines() if "32-256-256-1" in line]
    assert line[1] == "74,497"
    assert line[-2:] == ["500", "1,700"]


def test_a_step_is_measured_without_the_compiled_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine that trains the network here is the one whose steps are measured."""
    monkeypatch.setattr("chainrule.engines.native.engine.native", None)
    assert step_and_row(cr.Network.dense([4, 8, 1], seed=0, dtype="float32"))[1] > 0.0


def test_the_times_are_measured() -> None:
    """A row costs some time, and so does an exchange with a second process, which has ended afterwards."""
    pytest.importorskip("torch")
    assert step_and_row(cr.Network.dense([4, 8, 1], seed=0, dtype="float32"))[1] > 0.0
    assert min(exchange_times([1, 1000])) > 0.0
