"""Training within a time limit: the plan of networks, epochs and rows, on a clock that only training moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from support.patience import LIMIT

pytest.importorskip("sklearn", "1.6")

import chainrule as cr
from chainrule.costs.training_set import Subset
from chainrule.estimators import NetworkClassifier, NetworkRegressor, TrainingWarning
from chainrule.estimators.network import settings
from chainrule.estimators.network.ensemble import (
    Member,
    Outcome,
    Training,
    TrainingPlan,
    measurement,
    member_training,
    scheduler,
    speeds,
    time_plan,
    usable,
)
from chainrule.estimators.network.ensemble.places import place
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.recipes.presets import preset
from chainrule.estimators.network.training_warnings import no_usable_network
from chainrule.estimators.network.validation_split import ValidationSplit

ROWS = 20_000
DEFAULT = replace(preset("default", "regression", ROWS)[0], epochs=89, n_networks=2)
BEST = preset("best", "regression", ROWS)  # 4 networks of 128 epochs
NONE = np.arange(0)


class Machine:
    """A machine on which an epoch of all rows takes a known time; it is slower or faster than a probe says."""

    def __init__(self, epoch_seconds: float, probe_error: float = 1.0) -> None:
        self.now, self.epoch_seconds, self.probe_error = 0.0, epoch_seconds, probe_error
        self.rows: list[int] = []  # of each call of `train`

    def clock(self) -> float:
        """Returns the time, which only training moves."""
        return self.now

    def probe(self, member: Member, engine: str, threads: int, seconds: float) -> speeds.Speed:
        """Returns the measured time of an epoch, after the time of the probe."""
        self.now += seconds
        return speeds.Speed(self.epoch_seconds * self.probe_error, seconds)

    def train(self, net: Any, rows: Subset, Y: None = None, **given: Any) -> Any:
        """Trains as `cr.train` does, as far as time is concerned: in slices of steps, with a callback after each."""
        state, end = given["resume"] if given.get("resume") else started(), self.now + given["time_limit"].seconds
        taken, partial = list(state.records["seconds"]), state.partial_seconds
        self.rows.append(rows.t)
        an_epoch, steps = self.epoch_seconds * rows.t / ROWS, -(-rows.t // given["batch_size"])
        a_slice = an_epoch / steps * max(1, int(0.1 / (an_epoch / steps)))
        history: Any = SimpleNamespace(planned_epochs=given["epochs"], stopped=None)
        while history.stopped is None:
            passed = min(a_slice, an_epoch - partial, end - self.now)
            self.now, partial = self.now + passed, partial + passed
            if partial >= an_epoch - 1e-12:
                taken, partial = [*taken, an_epoch], 0.0
                history.stopped = "epochs" if len(taken) >= given["epochs"] else None
            if self.now >= end - 1e-12:
                history.stopped = history.stopped or "time_limit"
            history.epochs, history.seconds = len(taken), np.array(taken)
            run_step = round((len(taken) + partial / an_epoch) * steps)
            history.state = started(run_step=run_step, records={"seconds": taken}, partial_seconds=partial)
            if any(call(history) for call in given.get("callbacks", ()) if callable(call)):
                history.stopped = history.stopped or "callback"
        return history

    def train_with_share(self, share: object, *given: Any, **own: Any) -> Generator[None, None, Any]:
        """Trains at once, without a slice for the caller to advance."""
        return self.train(*given, **own)
        yield


def started(**changes: Any) -> SimpleNamespace:
    """Returns the state of a run, at its start unless it is changed."""
    new: dict[str, Any] = {"run_step": 0, "records": {"seconds": []}, "partial_seconds": 0.0, "best_theta": None}
    state = SimpleNamespace(**{**new, "again": started, **changes})
    state.seconds = sum(state.records["seconds"]) + state.partial_seconds
    return state


def make(j: int, recipe: Recipe, held_out: int = 0, outputs: int = 1) -> Member:
    """Makes a member with ROWS rows and a tiny network."""
    X, Y = np.zeros((ROWS, 1)), np.zeros((ROWS, outputs))
    split, examples = ValidationSplit(np.arange(ROWS), np.arange(held_out)), Subset(cr.TrainingSet(X, Y))
    own = examples.at(split.held_out) if held_out else None
    return Member(j, cr.Network.dense([1, outputs]), recipe, j, split, examples, own, split.held_out)


@pytest.fixture
def trained_on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Outcome, float]]:
    """Returns a function that trains within a limit on a machine, and returns the outcome and the time taken."""

    def run(limit: float, epoch_seconds: float, probe_error: float = 1.0, **plan: Any) -> tuple[Outcome, float]:
        machine = Machine(epoch_seconds, probe_error)
        for module in (scheduler, member_training):
            monkeypatch.setattr(module, "clock", machine.clock)
        monkeypatch.setattr(place, "measured_speed", machine.probe)
        monkeypatch.setattr(member_training, "train_with_share", machine.train_with_share)
        maker = plan.pop("make", make)
        outcome = Training(maker, TrainingPlan(engine="auto", threads=1, deadline=limit, **plan)).run()
        return outcome, machine.now

    return run


@pytest.mark.parametrize(("probe_error", "least"), [(0.5, 0.8), (0.7, 0.8), (1.0, 0.8), (1.5, 0.75), (2.0, 0.7)])
@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize("limit", [1.0, 2.0, 20.0])
def test_the_time_is_used_and_not_exceeded(
    limit: float, networks: int, probe_error: float, least: float, trained_on: Any
) -> None:
    """At least 80 % of the limit is used where it cuts the plan, a little less if training is much faster than the
    probe; every network finishes an epoch, and none is cut within its last one."""
    for affordable in (0.15, 0.4, 0.9, 1.9, 3.3, 5.9, 12.3, 60.7):  # epochs
        outcome, taken = trained_on(
            limit, limit / affordable, probe_error, recipes=[DEFAULT], recipe_numbers=[0] * networks
        )
        assert outcome.was_cut
        assert least * limit <= taken <= limit + 2e-3, (affordable, taken / limit)
        assert all(member.has_trained for member in outcome.members)
        assert {member.history.stopped for member in outcome.members if member.history} == {"epochs"}


@pytest.mark.parametrize(("affordable", "networks"), [(0.2, 1), (60.0, 1), (80.0, 2), (140.0, 2)])
def test_one_good_network_comes_first(affordable: float, networks: int, trained_on: Any) -> None:
    """A second network is trained if the time suffices for almost the lowest error of both."""
    outcome, _ = trained_on(10.0, 10.0 / affordable, recipes=[DEFAULT], recipe_numbers=[0, 0])
    assert len(outcome.members) == networks


def test_a_whole_plan_is_not_cut(trained_on: Any) -> None:
    """If the time suffices for all epochs of all networks, they are trained, and the limit changes nothing."""
    outcome, taken = trained_on(100.0, 0.1, recipes=[DEFAULT], recipe_numbers=[0, 0])
    assert not outcome.was_cut
    assert [member.history.epochs for member in outcome.members] == [DEFAULT.epochs] * 2
    assert taken == pytest.approx(2 * DEFAULT.epochs * 0.1 + 2.0)  # the last is the probe


def test_the_time_for_held_out_rows_is_reserved(trained_on: Any) -> None:
    """Predictions, calibration and score of many outputs come after training, within the limit."""
    outcome, taken = trained_on(
        10.0, 0.5, recipes=[DEFAULT], recipe_numbers=[0], make=partial(make, held_out=5_000, outputs=4_000)
    )
    (member,) = outcome.members
    afterwards = member.wrap_up_seconds(0.5)
    assert afterwards > 2.0
    assert 8.0 <= taken + afterwards <= 10.0


def test_the_time_of_the_whole_plan(trained_on: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning estimates it within a factor of two, and only if each of its recipes was measured long enough."""
    for limit in (0.5, 10.0, 30.0):
        outcome, _ = trained_on(limit, 1.0, 1.2, recipes=[DEFAULT], recipe_numbers=[0, 0])
        assert outcome.whole_seconds == pytest.approx(2 * DEFAULT.epochs * 1.0, rel=0.25)
    plan = {"recipes": BEST, "short_recipes": [DEFAULT], "recipe_numbers": [0, 1, 0, 1]}
    assert trained_on(10.0, 1.0, **plan)[0].whole_seconds is None
    monkeypatch.setattr(speeds, "RELIABLE_SECONDS", LIMIT)
    assert trained_on(10.0, 1.0, recipes=[DEFAULT], recipe_numbers=[0, 0])[0].whole_seconds is None


@pytest.mark.parametrize(
    ("epoch_seconds", "rows"),
    [(1e3, [256]), (4.0, [256]), (0.5, [256, 1024, 4096]), (1e-3, [256, 1024, 4096, 16384, 20_000])],
)
def test_speed_is_measured_on_few_rows(epoch_seconds: float, rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """It begins with few rows, since a step of all rows may take longer than the measurement."""
    machine = Machine(epoch_seconds)
    monkeypatch.setattr(measurement, "clock", machine.clock)
    monkeypatch.setattr(measurement, "train_with_share", machine.train_with_share)
    member = make(0, replace(DEFAULT, batch_size=None))
    speed = measurement.measured_speed(member, "auto", 1, 0.05)
    assert machine.rows == rows
    assert machine.now <= 0.05 + 1e-9
    if len(rows) > 1:
        assert speed.epoch_seconds == pytest.approx(epoch_seconds, rel=1e-3)


@pytest.mark.parametrize(
    ("limit", "is_short", "networks"),
    [(1.0, True, 1), (15.0, True, 2), (20.0, True, 2), (29.0, True, 3), (48.0, False, 4)],
)
def test_best_is_default_with_more_networks_where_time_is_short(
    limit: float, is_short: bool, networks: int, trained_on: Any
) -> None:
    """Unless the time suffices for all its networks of the short recipe, "best" trains networks of that recipe: as many
    as "default", and more if these have all their epochs."""
    plan = {"recipes": BEST, "short_recipes": [DEFAULT], "recipe_numbers": [0, 1, 0, 1]}
    outcome, taken = trained_on(limit, 0.1, **plan)
    assert {member.recipe is DEFAULT for member in outcome.members} == {is_short}
    assert len(outcome.members) == networks
    assert outcome.was_cut
    assert 0.8 * limit <= taken <= limit


@pytest.mark.parametrize("name", ["default", "best", "lecture"])
def test_the_short_recipes_of_a_preset(name: str) -> None:
    """Only "best" has short recipes: those of "default", changed by the parameters that are set."""
    short = settings.as_short_recipes({"preset": name, "epochs": 7}, "regression", ROWS)
    assert [recipe.epochs for recipe in short] == ([7, 7, 7] if name == "best" else [])
    assert all(recipe.hidden[0].dropout == 0.0 for recipe in short)


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
    assert isinstance(no_usable_network(Outcome([], True, True, 1, None), 1.0), KeyboardInterrupt)
    early = "training ended within the first epoch, and no network was better than at its initial values. "
    for outcome, limit, words in (
        (Outcome([], False, True, 1, 123.4), 0.5, f"time_limit=0.5: {early}The whole plan takes about 120 s."),
        (Outcome([], False, True, 1, None), 0.5, f"time_limit=0.5: {early}Give it more time."),
        (Outcome([], False, False, 1, None), None, f"{early}Let a callback stop it later."),
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
    examples = Subset(cr.TrainingSet(rows, rows))
    net = cr.Network.dense([1, 1])
    member = Member(0, net, DEFAULT, 0, split, examples.at(split.training), examples.at(split.held_out), split.held_out)
    member.keep_rows(0.5)
    kept = np.unique(np.asarray(member.training.in_memory().X))
    assert (member.training.t, len(kept)) == (9_000, 9_000)
    assert kept.max() < 18_000
    assert member.rows_share == 0.5
    assert member.held_out is not None
    np.testing.assert_array_equal(np.asarray(member.held_out.in_memory().X)[:, 0], member.at)
    np.testing.assert_array_equal(member.split.held_out, member.at)
    np.testing.assert_array_equal(np.asarray(member.training.in_memory().X)[:, 0], member.split.training)
    assert len(member.at) == 1_000
    member.keep_rows(1e-6)
    assert member.training.t == 500
    assert member.rows_share == pytest.approx(500 / 18_000)


def test_the_cut_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The warning names networks, epochs and the time of the whole plan; ``stopped_`` says "time_limit"."""
    monkeypatch.setattr(speeds, "RELIABLE_SECONDS", 0.0)  # of 0.3 s, a busy machine may leave less for training
    X = np.random.default_rng(0).normal(size=(60, 2))
    plan: dict[str, Any] = {"epochs": 10**9, "patience": 10**9, "n_networks": 2}
    model = NetworkClassifier(**plan, hidden_layer_sizes=4, time_limit=0.3, threads=1)
    with pytest.warns(TrainingWarning, match=r"the time limit of 0.3 s cut the plan: .* of 2 networks .* about \S+ s"):
        model.fit(X, X[:, 0] > 0)
    assert model.stopped_ == "time_limit"
    assert model.n_iter_ >= 1


@pytest.fixture
def slow_machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Returns a function after which a row seems to be trained in these seconds, and nothing else takes time."""

    def seem(row_seconds: float) -> None:
        now = time.perf_counter()

        def train(
            share: object, *examples: Any, time_limit: cr.Deadline | None, **given: Any
        ) -> Generator[None, None, cr.History]:
            nonlocal now
            before = given["resume"].epoch if given["resume"] else 0
            history = cr.train(*examples, **given)
            now += row_seconds * examples[1].t * (history.epochs - before)
            return history
            yield

        def measured_speed(member: Member, *_: Any) -> speeds.Speed:
            return speeds.Speed(row_seconds * member.training.t, 1.0)

        for module in (scheduler, member_training):
            monkeypatch.setattr(module, "clock", lambda: now)
        monkeypatch.setattr(member_training, "train_with_share", train)
        monkeypatch.setattr(place, "measured_speed", measured_speed)
        monkeypatch.setattr(Member, "speed", None)  # by the real clock

    return seem


@pytest.mark.parametrize("t", [400, 2_000])
def test_best_is_default_where_there_is_time_for_one_network(t: int, slow_machine: Any) -> None:
    """It has the same rows, the same initial values and the same epochs, so that it cannot be worse."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(t, 3))
    y = X[:, 0] + X[:, 1] ** 2
    models = [
        NetworkRegressor(preset=preset, hidden_layer_sizes=8, time_limit=2e-2 * t, random_state=0, threads=1)
        for preset in ("default", "best")
    ]
    for model in models:
        slow_machine(4e-3)
        with pytest.warns(TrainingWarning, match="cut the plan: 1 of"):
            model.fit(X, y)
    assert [model.n_iter_ for model in models] == [5, 5]
    np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))


@pytest.mark.parametrize("preset", ["default", "best"])
@pytest.mark.parametrize(("row_seconds", "rows"), [(1e-4, 1_800), (1e-2, 500)])
def test_warm_start_after_a_cut(preset: str, row_seconds: float, rows: int, slow_machine: Any) -> None:
    """The networks that the limit left go on, on their own rows, up to the epochs that are asked for."""
    X = np.random.default_rng(0).normal(size=(2_000, 3))
    y = X[:, 0] > X[:, 1]
    slow_machine(row_seconds)
    model = NetworkClassifier(
        preset=preset, hidden_layer_sizes=4, time_limit=2.0, random_state=0, threads=1, epochs=30, n_networks=2,
        validation_fraction=0.1,
    )  # fmt: skip
    planned = {"default": 2, "best": 2 * 7}[preset]  # two of each recipe
    with pytest.warns(TrainingWarning, match=f"cut the plan: 1 of {planned} networks"):
        model.fit(X, y)
    assert model.stopped_ == "time_limit"
    assert 1 <= model.n_iter_ < 30
    assert len(model._splits.splits()[0].training) == rows
    model.set_params(warm_start=True, time_limit=None).fit(X, y)
    assert model.stopped_ == "epochs"
    assert [history.epochs for history in model.histories_] == [30]
    assert len(model._splits.splits()[0].training) == rows
    assert model.score(X, y) > 0.9


def test_warm_start_within_a_limit() -> None:
    """It goes on for as long as there is time, and says that the limit cut it."""
    X = np.random.default_rng(0).normal(size=(100, 3))
    model = NetworkRegressor(hidden_layer_sizes=4, epochs=2, n_networks=2, random_state=0, warm_start=True).fit(
        X, X[:, 0]
    )
    model.set_params(epochs=10**9, time_limit=0.2)
    with pytest.warns(TrainingWarning, match="cut the plan: 2 of 2 networks"):
        model.fit(X, X[:, 0])
    assert model.stopped_ == "time_limit"
    assert model.n_iter_ > 2


@pytest.mark.parametrize(("limit", "networks"), [(20.0, 1), (200.0, 5)])
def test_sparse_recipes_compete_within_a_limit(limit: float, networks: int, slow_machine: Any) -> None:
    """As many recipes compete as there is time for; the networks of the model are those of the one that has won."""
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(0)
    X = sparse.random_array((600, 400), density=0.02, format="csr", rng=rng, dtype=np.float32)
    y = np.asarray(X[:, :200].sum(axis=1)).ravel() > np.asarray(X[:, 200:].sum(axis=1)).ravel()
    slow_machine(2e-3)
    model = NetworkClassifier(time_limit=limit, random_state=0, threads=1)
    with pytest.warns(TrainingWarning, match="cut the plan"):
        model.fit(X, y)
    assert model.stopped_ == "time_limit"
    assert len(model.networks_) == networks
    assert len(set(model.recipes_)) == 1
    assert model.score(X, y) > 0.7
