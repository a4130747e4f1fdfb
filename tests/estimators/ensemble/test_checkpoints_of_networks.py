"""A fit that ends at any moment continues from its folder of checkpoints, and gives the same model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network.recipe import FEWEST

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = {"classes": np.where(X[:, 0] > X[:, 1], "yes", "no"), "numbers": X[:, 0] * X[:, 1]}
KINDS = {"classes": NetworkClassifier, "numbers": NetworkRegressor}
METRICS = {"classes": "accuracy", "numbers": "neg_median_absolute_error"}
SETTINGS: dict[str, Any] = {"epochs": 12, "n_networks": 3, "hidden_layer_sizes": (8,), "random_state": 0}


class PowerFailure(Exception):
    """The error by which a callback ends a fit."""


def fails_after(calls: int) -> Any:
    """A callback that fails at this call."""
    seen = []

    def callback(history: cr.History) -> None:
        seen.append(history)
        if len(seen) == calls:
            raise PowerFailure

    return callback


def epochs_in(folder: Path) -> list[int]:
    """The epochs in the checkpoint of each network."""
    return [cr.TrainingState.load(path).epoch for path in sorted(folder.iterdir())]


def numbers_of(model: Any) -> list[bytes]:
    """The bits of a fitted model: its networks, what its calibration found, and its records."""
    fitted = model.model_
    records = {name: values for name, values in model.history_.items() if name != "seconds"}
    return [
        *(net.theta.tobytes() for net in fitted.networks),
        *(np.asarray(values).tobytes() for values in records.values()),
        repr(fitted.calibration).encode(),
        b"" if fitted.residuals is None else fitted.residuals.tobytes(),
        np.float64(model.validation_score_).tobytes(),
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("threads", "scoring"), [(1, None), (2, None), (1, "by a metric"), (2, "by a metric")])
def test_a_fit_continues_wherever_it_ended(kind: str, threads: int, scoring: str | None, tmp_path: Path) -> None:
    """A fit that fails again and again, in any network, and is resumed each time gives bitwise the model, calibration
    and history of an uninterrupted one; networks that are finished are kept, and the best epoch by J or by a metric."""
    options = SETTINGS | ({"scoring": METRICS[kind], "patience": 5} if scoring else {})
    whole = KINDS[kind](**options).fit(X, Y[kind])
    options = {**options, "checkpoint": cr.Checkpoint(tmp_path / "run", epochs=1), "threads": threads}
    resumed, reached = None, [0]
    while resumed is None:
        try:
            resumed = KINDS[kind](**options, resume=bool(sum(reached)), callbacks=[fails_after(9)]).fit(X, Y[kind])
        except PowerFailure:
            assert sum(epochs_in(tmp_path / "run")) > sum(reached)
            reached = epochs_in(tmp_path / "run")
    assert sum(reached) > 9  # it has failed twice or more
    assert epochs_in(tmp_path / "run") == [history.epochs for history in whole.histories_]
    assert numbers_of(resumed) == numbers_of(whole)
    assert (resumed.stopped_, resumed.n_iter_) == (whole.stopped_, whole.n_iter_)


def test_competing_networks_for_sparse_rows_continue(tmp_path: Path) -> None:
    """Of sparse rows, the competition between the recipes ends alike after a resumed fit."""
    rows = scipy.sparse.random_array((150, 400), density=0.02, format="csr", rng=1)
    labels = np.arange(150) % 2
    options: dict[str, Any] = {"epochs": 8, "n_networks": 1, "random_state": 0, "threads": 1}
    whole = NetworkClassifier(**options).fit(rows, labels)
    options["checkpoint"] = tmp_path
    with pytest.raises(PowerFailure):
        NetworkClassifier(**options, callbacks=[fails_after(12)]).fit(rows, labels)
    resumed = NetworkClassifier(**options, resume=True).fit(rows, labels)
    assert len(epochs_in(tmp_path)) == 3
    assert numbers_of(resumed) == numbers_of(whole)


def test_recipes_that_go_on_continue(tmp_path: Path) -> None:
    """A fit of "best" that fails before recipes are dropped, and after, ends as an uninterrupted one."""
    rows = np.random.default_rng(1).normal(size=(250, 2))
    options: dict[str, Any] = {
        "preset": "best", "epochs": 3, "n_networks": 2, "hidden_layer_sizes": 8, "random_state": 0, "threads": 1,
    }  # fmt: skip
    whole = NetworkRegressor(**options).fit(rows, rows[:, 0])
    options["checkpoint"] = cr.Checkpoint(tmp_path / "run", epochs=1)
    resumed, begun = None, [0]
    while resumed is None:
        try:
            resumed = NetworkRegressor(**options, resume=begun[-1] > 0, callbacks=[fails_after(8)]).fit(
                rows, rows[:, 0]
            )
        except PowerFailure:
            begun.append(len(epochs_in(tmp_path / "run")))
    assert begun[1] < 7 < begun[-1]  # networks
    assert len(epochs_in(tmp_path / "run")) == 7 + FEWEST
    assert numbers_of(resumed) == numbers_of(whole)


def test_a_finished_fit_goes_on_with_more_epochs(tmp_path: Path) -> None:
    """With more epochs, a finished fit ends as one of so many epochs, if the learning rate does not depend on them."""
    options = {**SETTINGS, "checkpoint": tmp_path, "learning_rate": cr.Constant(0.01)}
    NetworkRegressor(**options).fit(X, Y["numbers"])
    longer = NetworkRegressor(**{**options, "epochs": 15, "resume": True}).fit(X, Y["numbers"])
    whole = NetworkRegressor(**{**options, "epochs": 15, "checkpoint": None}).fit(X, Y["numbers"])
    assert numbers_of(longer) == numbers_of(whole)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no checkpoint": ({"checkpoint": None, "resume": True}, "resume=True continues from the checkpoint"),
    "resume a path": ({"resume": "run"}, "resume must be True or False; got 'run'"),
    "a number": ({"checkpoint": 3}, "checkpoint must be a path or a cr.Checkpoint; got 3"),
    "no seed": ({"random_state": None}, "checkpoint needs a random_state that is an integer"),
    "a generator": ({"random_state": np.random.RandomState(0)}, "checkpoint needs a random_state that is an integer"),
    "a time limit": ({"time_limit": 9.0}, r"checkpoint does not go with time_limit=9\.0"),
    "a warm start": ({"warm_start": True}, "checkpoint does not go with warm_start=True"),
    "not resumed": ({"resume": False}, "holds checkpoints of 3 networks. Resume their training"),
    "another seed": ({"random_state": 1}, "the checkpoint of another run: its X was"),
    "another network": ({"hidden_layer_sizes": (9,)}, "the checkpoint of another run: its network had the sizes m"),
    "another rate": ({"learning_rate": 0.5}, "the checkpoint of another run: its optimizer was"),
}


@pytest.mark.parametrize(("changes", "words"), BAD.values(), ids=BAD)
def test_parameters_that_do_not_go_with_a_checkpoint(changes: dict[str, Any], words: str, tmp_path: Path) -> None:
    """Parameters that a resumed fit could not honour are refused by name, and the files stay as they are."""
    options = {**SETTINGS, "epochs": 2, "checkpoint": tmp_path / "run"}
    NetworkRegressor(**options).fit(X, Y["numbers"])
    before = [path.read_bytes() for path in sorted((tmp_path / "run").iterdir())]
    with pytest.raises(cr.InputError, match=words):
        NetworkRegressor(**{**options, "resume": True, **changes}).fit(X, Y["numbers"])
    assert [path.read_bytes() for path in sorted((tmp_path / "run").iterdir())] == before


def test_partial_fit_has_no_checkpoint(tmp_path: Path) -> None:
    """``partial_fit`` refuses a checkpoint, since each call trains one epoch on rows of its own."""
    with pytest.raises(cr.InputError, match="checkpoint is for fit"):
        NetworkRegressor(checkpoint=tmp_path, random_state=0).partial_fit(X, Y["numbers"])
