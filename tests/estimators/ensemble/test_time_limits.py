"""Training within a time limit: the plan of networks, epochs and rows, on a clock that only training moves."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.patience import LIMIT

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor, TrainingWarning
from chainrule.estimators.examples import Examples
from chainrule.estimators.network import settings
from chainrule.estimators.network.ensemble import (
    Member,
    Outcome,
    TrainingPlan,
    member_training,
    scheduler,
    time_plan,
    train_all,
    usable,
)
from chainrule.estimators.network.presets import preset
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.training_warnings import no_usable_network
from chainrule.estimators.network.validation_split import ValidationSplit

ROWS = 20_000
(DEFAULT,) = preset("default", "regression", ROWS)  # 2 networks of 89 epochs
BEST = preset("best", "regression", ROWS)  # 4 networks of 128 epochs
NONE = np.arange(0)


class Machine:
    """A machine on which an epoch of all rows takes a known time; it is slower or faster than a probe says."""

    def __init__(self, epoch_seconds: float, probe_error: float) -> None:
        self.now, self.epoch_seconds, self.probe_error = 0.0, epoch_seconds, probe_error

    def clock(self) -> float:
        """Returns the time, which only training moves."""
        return self.now

    def probe(self, member: Member, engine: str, threads: int, seconds: float) -> time_plan.Speed:
        """Returns the measured time of an epoch, after the time of the probe."""
        self.now += seconds
        return time_plan.Speed(self.epoch_seconds * self.probe_error, seconds)

    def train(self, net: Any, X: Any, Y: Any, **given: Any) -> Any:
        """Trains as `cr.train` does, as far as time is concerned."""
        state = given["resume"] or started()
        taken, end = list(state.records["seconds"]), self.now + given["time_limit"]
        step = self.epoch_seconds * len(X) / ROWS
        per_epoch = -(-len(X) // given["batch_size"])
        history: Any = SimpleNamespace(planned_epochs=given["epochs"], stopped=None)
        while history.stopped is None:
            is_late = self.now + step > end
            self.now = min(self.now + step, end)
            if is_late:
                history.stopped = "time_limit"
            else:
                taken.append(step)
                history.stopped = "epochs" if len(taken) >= given["epochs"] else None
            history.epochs, history.seconds = len(taken), np.array(taken)
            history.state = started(run_step=len(taken) * per_epoch, records={"seconds": taken})
            if given["callbacks"][0](history):
                history.stopped = history.stopped or "callback"
        return history


def started(**changes: Any) -> SimpleNamespace:
    """Returns the state of a run, at its start unless it is changed."""
    new: dict[str, Any] = {"run_step": 0, "records": {"seconds": []}, "partial_seconds": 0.0, "best_theta": None}
    return SimpleNamespace(**{**new, "again": started, **changes})


def make(j: int, recipe: Recipe) -> Member:
    """Makes a member with ROWS rows and a tiny network."""
    X = np.zeros((ROWS, 1))
    split = ValidationSplit(np.arange(ROWS), NONE)
    return Member(j, cr.Network.dense([1, 1]), recipe, j, split, Examples(X, X, None), None, NONE)


@pytest.fixture
def trained_on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Outcome, float]]:
    """Returns a function that trains within a limit on a machine, and returns the outcome and the time taken."""

    def run(limit: float, epoch_seconds: float, probe_error: float, **plan: Any) -> tuple[Outcome, float]:
        machine = Machine(epoch_seconds, probe_error)
        for module in (scheduler, member_training):
            monkeypatch.setattr(module, "clock", machine.clock)
        monkeypatch.setattr(scheduler, "measured_speed", machine.probe)
        monkeypatch.setattr(member_training, "train", machine.train)
        outcome = train_all(make, TrainingPlan(engine="auto", threads=1, deadline=limit, **plan))
        return outcome, machine.now

    return run


@pytest.mark.parametrize("probe_error", [0.7, 1.0, 1.5])
@pytest.mark.parametrize(
    ("limit", "epoch_seconds", "networks"),
    [(1.0, 5.0, 1), (1.0, 0.7, 1), (1.0, 0.3, 1), (2.0, 0.1, 1), (20.0, 0.5, 1), (14.0, 0.1, 2), (8.0, 0.06, 2)],
)
def test_the_time_is_used_and_not_exceeded(
    limit: float, epoch_seconds: float, networks: int, probe_error: float, trained_on: Any
) -> None:
    """Even if the probe was wrong, at least 80 % of the limit is used, and every network finishes an epoch."""
    outcome, taken = trained_on(limit, epoch_seconds, probe_error, recipes=[DEFAULT], recipe_numbers=[0, 0])
    assert outcome.was_cut
    assert (0.8 if probe_error == 1.0 else 0.6) * limit <= taken <= limit + 2e-3
    if probe_error == 1.0:
        assert len(outcome.members) == networks
        assert all(member.has_trained for member in outcome.members)
        assert {member.history.stopped for member in outcome.members if member.history} == {"epochs"}


def test_a_whole_plan_is_not_cut(trained_on: Any) -> None:
    """If the time suffices for all epochs of all networks, they are trained, and the limit changes nothing."""
    outcome, taken = trained_on(100.0, 0.1, 1.0, recipes=[DEFAULT], recipe_numbers=[0, 0])
    assert not outcome.was_cut
    assert [member.history.epochs for member in outcome.members] == [DEFAULT.epochs] * 2
    assert taken == pytest.approx(2 * DEFAULT.epochs * 0.1 + 2.0)  # the last is the probe


@pytest.mark.parametrize(
    ("limit", "is_short", "networks"), [(1.0, True, 1), (20.0, True, 4), (35.0, True, 4), (48.0, False, 4)]
)
def test_best_is_default_with_more_networks_where_time_is_short(
    limit: float, is_short: bool, networks: int, trained_on: Any
) -> None:
    """Unless the time suffices for all its networks of the short recipe, "best" trains networks of that recipe."""
    plan = {"recipes": BEST, "short_recipes": [DEFAULT], "recipe_numbers": [0, 1, 0, 1]}
    outcome, taken = trained_on(limit, 0.1, 1.0, **plan)
    assert {member.recipe is DEFAULT for member in outcome.members} == {is_short}
    assert len(outcome.members) == networks
    assert outcome.was_cut
    assert 0.8 * limit <= taken <= limit


@pytest.mark.parametrize("name", ["default", "best", "lecture"])
def test_the_short_recipes_of_a_preset(name: str) -> None:
    """Only "best" has short recipes: those of "default", changed by the parameters that are set."""
    short = settings.as_short_recipes({"preset": name, "epochs": 7}, "regression", ROWS)
    assert [recipe.epochs for recipe in short] == ([7] if name == "best" else [])
    assert not any(recipe.embedding for recipe in short)


@pytest.mark.parametrize(
    ("epochs", "improved", "kept"),
    [([3, 0, 1], [], [0, 2]), ([0, 0], [1], [1]), ([0, 0], [], [])],
)
def test_a_network_without_an_epoch_is_left_out(epochs: list[int], improved: list[int], kept: list[int]) -> None:
    """If none has finished an epoch, those that are better than initially are used."""
    members = [make(j, DEFAULT) for j in range(len(epochs))]
    for j, member in enumerate(members):
        member.history, member.improved = SimpleNamespace(epochs=epochs[j], stopped="callback"), j in improved  # type: ignore[assignment]
    assert [member.number for member in usable(members)] == kept


def test_a_training_without_a_usable_network_is_an_error() -> None:
    """Ctrl-C before the first epoch interrupts the program; otherwise the error says what to do."""
    assert isinstance(no_usable_network(Outcome([], True, True, None), 1.0), KeyboardInterrupt)
    early = "training ended within the first epoch, and no network was better than at its initial values. "
    for outcome, limit, words in (
        (Outcome([], False, True, 123.4), 0.5, f"time_limit=0.5: {early}The whole plan takes about 120 s."),
        (Outcome([], False, True, None), 0.5, f"time_limit=0.5: {early}Give it more time."),
        (Outcome([], False, False, None), None, f"{early}Let a callback stop it later."),
    ):
        error = no_usable_network(outcome, limit)
        assert isinstance(error, cr.InputError)
        assert str(error) == words


def test_training_has_some_time_whatever_the_preparation_took(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit that is over before training begins still leaves a model."""
    monkeypatch.setattr(time_plan, "LEAST_SECONDS", LIMIT)
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = NetworkRegressor(epochs=3, n_networks=1, hidden_layer_sizes=4, time_limit=1e-9).fit(X, X[:, 0])
    assert model.n_iter_ == 3
    assert model.stopped_ == "epochs"


def test_fewer_rows_are_a_part_of_the_networks_own() -> None:
    """A share of the rows is drawn from the training rows and from the held-out rows, whose numbers go along."""
    rows = np.arange(20_000.0)[:, None]
    split = ValidationSplit(np.arange(18_000), np.arange(18_000, 20_000))
    examples = Examples(rows, rows, None)
    net = cr.Network.dense([1, 1])
    member = Member(0, net, DEFAULT, 0, split, examples.at(split.training), examples.at(split.held_out), split.held_out)
    member.keep_rows(0.5)
    kept = np.unique(np.asarray(member.training.X))
    assert (len(member.training.X), len(kept)) == (9_000, 9_000)
    assert kept.max() < 18_000
    assert member.held_out is not None
    np.testing.assert_array_equal(np.asarray(member.held_out.X)[:, 0], member.at)
    np.testing.assert_array_equal(member.split.held_out, member.at)
    np.testing.assert_array_equal(np.asarray(member.training.X)[:, 0], member.split.training)
    assert len(member.at) == 1_000


def test_the_cut_is_reported() -> None:
    """The warning names networks, epochs and the time of the whole plan; ``stopped_`` says "time_limit"."""
    X = np.random.default_rng(0).normal(size=(60, 2))
    model = NetworkClassifier(epochs=10**9, n_networks=2, hidden_layer_sizes=4, time_limit=0.3, threads=1)
    with pytest.warns(TrainingWarning, match=r"the time limit of 0.3 s cut the plan: .* of 2 networks .* about \S+ s"):
        model.fit(X, X[:, 0] > 0)
    assert model.stopped_ == "time_limit"
    assert model.n_iter_ >= 1
