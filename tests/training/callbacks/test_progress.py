"""Progress: one bar in a terminal and a notebook, rare lines elsewhere, for one network and for several."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.noisy_examples import X_VAL, Y_VAL, X, Y, small_net

import chainrule as cr
from chainrule.estimators import NetworkRegressor
from chainrule.training.callbacks import progress
from chainrule.training.callbacks.callback import WatchedRun
from chainrule.training.callbacks.displays import chosen_display
from chainrule.training.callbacks.figures import RunFigures
from chainrule.training.callbacks.progress import Progress

HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"  # the cursor


class Stream(io.StringIO):
    """A file, or a terminal."""

    def __init__(self, is_terminal: bool = False) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


class StandIn:
    """A History of so many epochs of nine; the second epoch has the lowest validation J."""

    planned_epochs = 9

    def __init__(self, epochs: int = 0, stopped: str | None = None) -> None:
        self.epochs, self.stopped = epochs, stopped

    def to_dict(self, after: int = 0) -> dict[str, Any]:
        epochs = np.arange(after + 1.0, self.epochs + 1)
        names = ("epoch", "J", "seconds", "learning_rate")
        return {**dict.fromkeys(names, epochs), "validation_J": np.abs(epochs - 2.0)}


class Bar:
    """The bar of networks with these numbers, of which there are ``of``; its clock is set by the test."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, is_terminal: bool = False, term: str = "xterm",
        numbers: Sequence[int] = (1, 2), of: int = 2,
    ) -> None:  # fmt: skip
        self.stream, self.now, self.numbers, self.of = Stream(is_terminal), 100.0, numbers, of
        monkeypatch.setattr(progress, "time", SimpleNamespace(perf_counter=lambda: self.now))
        monkeypatch.setenv("TERM", term)
        monkeypatch.setenv("COLUMNS", "120")

    def __enter__(self) -> list[Any]:
        """Opens the bar, and returns the functions that the networks call."""
        self._stack = ExitStack()
        bar = self._stack.enter_context(Progress(self.stream).all_runs(self.of))
        runs = [WatchedRun(small_net(), number=number, networks=self.of) for number in self.numbers]
        return [self._stack.enter_context(bar.watch(run)) for run in runs]

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    @property
    def text(self) -> str:
        """The whole output."""
        return self.stream.getvalue()

    def epochs(self) -> list[tuple[int, int]]:
        """The epoch and the network of each line."""
        words = [line.replace("/", " ").split() for line in self.text.splitlines()]
        return [(int(line[1]), int(line[4])) for line in words]


def test_lines_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe there is a line after one second, every five seconds from then on, and at the end."""
    bar = Bar(monkeypatch)
    with bar as (look, _):
        for seconds in range(13):
            bar.now = 100.0 + 0.5 * seconds
            look(StandIn(seconds // 2))
        look(StandIn(7))
    assert bar.epochs() == [(1, 1), (6, 1), (7, 1)]


def test_a_day_has_few_lines() -> None:
    """The time between two lines grows with the time so far, so that a day of training has fewer than 200 of them."""
    display, elapsed, count = chosen_display(Stream()), 0.0, 0
    while elapsed < 86_400:
        elapsed, count = elapsed + display.pause(elapsed), count + 1
    assert count < 200


def test_a_line_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line is not printed again if it has just been shown; it has every figure."""
    bar = Bar(monkeypatch)
    with bar as (look, _):
        bar.now += 1.0
        look(StandIn(9, "epochs"))
    assert bar.text == (
        "epoch 9/9 (network 1 of 2)  at most 1.0 s left  J 9  validation J 7  best 0 (epoch 2)  learning rate 9  "
        "9 epochs/s\n"
        "epoch 9/9 (network 1 of 2)  J 9  validation J 7  best 0 (epoch 2)  learning rate 9  9 epochs/s\n"
    )


def test_a_network_is_shown_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first network that reports is shown; once it has ended, the next one that reports."""
    bar = Bar(monkeypatch)
    with bar as (first, second):
        for look, epochs, stopped in (
            (first, 1, None), (second, 3, None), (first, 2, "patience"), (second, 5, None), (second, 6, "epochs"),
        ):  # fmt: skip
            bar.now += 5.0
            look(StandIn(epochs, stopped))
    assert bar.epochs() == [(1, 1), (2, 1), (5, 2), (6, 2)]


def test_the_time_left_is_that_of_all_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    """One network of nine epochs is finished after 18 s and the other after none of them: 18 s are left."""
    bar = Bar(monkeypatch)
    with bar as (first, second):
        bar.now += 18.0
        first(StandIn(9, "epochs"))
        second(StandIn(0))
        assert "at most 18 s left" in bar.text


def test_networks_that_were_passed_over_are_not_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of numbers 1, 2, 5 and 6 one is finished after 18 s, so that three times as long is left."""
    bar = Bar(monkeypatch, numbers=(1, 2, 5), of=6)
    with bar as (_, second, _):
        bar.now += 18.0
        second(StandIn(9, "epochs"))
    assert "network 2 of 6)  at most 54 s left" in bar.text


@pytest.mark.parametrize("is_terminal", [False, True])
def test_without_training_nothing_remains(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no training has begun, nothing remains in a pipe or a terminal."""
    bar = Bar(monkeypatch, is_terminal)
    with bar:
        assert ("Preparing" in bar.text) == is_terminal
    assert "epoch" not in bar.text
    assert bar.text.count(HIDE) == bar.text.count(SHOW) == is_terminal
    assert bar.text.endswith("\x1b[1A\x1b[2K") == is_terminal  # the only line is erased


def test_the_first_report_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal the first report is drawn at once, with a hint, and the last frame remains without it."""
    bar = Bar(monkeypatch, is_terminal=True)
    with bar as (look, _):
        look(StandIn())
        assert "the first epoch is running" in bar.text
        assert "Ctrl-C stops" in bar.text
        look(StandIn(3))
    last = bar.text[: bar.text.rindex(SHOW)].rpartition("\x1b[2K")[2]
    assert "learning rate 3" in last
    assert "Ctrl-C" not in last


@pytest.mark.parametrize("interrupted_draw", [1, 2], ids=["in training", "at the end"])
def test_the_cursor_always_returns(interrupted_draw: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in training, or while the last frame is drawn, leaves no hidden cursor."""
    draws: list[None] = []

    def interrupt(_: object) -> Any:
        draws.append(None)
        if len(draws) == interrupted_draw:
            raise KeyboardInterrupt
        return "a frame", (), ("one",)

    monkeypatch.setattr(RunFigures, "lines", interrupt)
    bar = Bar(monkeypatch, is_terminal=True)
    with pytest.raises(KeyboardInterrupt), bar as (look, _):
        look(StandIn(3))
    assert bar.text.count(HIDE) == bar.text.count(SHOW) == 1


def test_a_dumb_terminal_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that cannot move its cursor has lines."""
    bar = Bar(monkeypatch, is_terminal=True, term="dumb")
    with bar as (look, _):
        look(StandIn(9))
    assert bar.epochs() == [(9, 1)]
    assert "\x1b" not in bar.text


def test_a_terminal_without_rich_has_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Rich one line is written over, as wide as the terminal at most, and ended at the end."""
    monkeypatch.setitem(sys.modules, "rich.console", None)
    bar = Bar(monkeypatch, is_terminal=True)
    with bar as (look, _):
        look(StandIn())
        bar.now += 1.0
        look(StandIn(9))
    first, second, last = bar.text.removeprefix("\r").split("\r")
    assert first.startswith("....................  epoch 0/9 (network 1 of 2)  the first epoch is running")
    assert second.startswith("##########..........  epoch 9/9 (network 1 of 2)  at most 1.0 s left  J 9  ")
    assert last.endswith("\n")
    assert len(second) == 119
    assert "\n" not in first + second


def test_a_notebook_has_one_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel the output of the cell is HTML that is replaced, and remains."""
    shown: list[tuple[str, dict[str, str]]] = []
    handle = SimpleNamespace(update=lambda bundle, raw: shown.append(("update", bundle)))

    def display(bundle: dict[str, str], raw: bool, display_id: bool) -> Any:
        shown.append(("display", bundle))
        return handle

    ipython, module = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=None)  # type: ignore[attr-defined]
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    cr.train(small_net(), X, Y, epochs=7, validation=(X_VAL, Y_VAL), verbose=True)
    assert [how for how, _ in shown] == ["display", *["update"] * (len(shown) - 1)]
    last = shown[-1][1]
    assert last["text/plain"].startswith("epoch 7/7  J ")
    assert last["text/html"].startswith('<progress max="1" value="1.0000"></progress> <b>epoch 7/7</b>')


def test_verbose_writes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """``verbose=True`` ends with one line in a file, and changes no bit; without it nothing is written."""
    net, quiet = small_net(), small_net()
    cr.train(net, X, Y, optimizer="adam", batch_size=3, epochs=30, verbose=True)
    assert capsys.readouterr().err.startswith("epoch 30/30  J ")
    cr.train(quiet, X, Y, optimizer="adam", batch_size=3, epochs=30)
    assert net.theta.tobytes() == quiet.theta.tobytes()
    history = cr.minimize(quiet, X, Y, epochs=5, verbose=True)
    out, err = capsys.readouterr()
    assert err.startswith(f"epoch {history.epochs}/5  J {history.J[-1]:.4g}  ")
    assert "learning rate" not in err
    assert out == ""
    with pytest.raises(cr.InputError, match=r"verbose must be 0 or False, .*; got 3"):
        cr.train(net, X, Y, verbose=3)


def test_an_estimator_has_one_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """``verbose=True`` of an estimator shows its networks together, by the same display."""
    NetworkRegressor(epochs=3, n_networks=3, random_state=0, verbose=True, hidden_layer_sizes=(4,)).fit(X, Y[:, 0])
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("epoch 3/3 (network ")
    assert len(lines) < 5


def test_a_resumed_run_counts_its_own_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that resumes after 6 of 9 epochs and makes one in 20 s has 40 s left, at 0.05 epochs a second."""
    stream = Stream()
    clock = SimpleNamespace(perf_counter=lambda: 0.0)
    monkeypatch.setattr(progress, "time", clock)
    with Progress(stream).all_runs(1) as bar, bar.watch(WatchedRun(small_net(), first_epoch=6)) as look:
        clock.perf_counter = lambda: 20.0
        assert look is not None
        look(StandIn(7))  # type: ignore[arg-type]
        assert "at most 40 s left" in stream.getvalue()
        assert "0.05 epochs/s" in stream.getvalue()
