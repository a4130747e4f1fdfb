"""Damaged model files: each is refused by an error of Chainrule, or loads as a model that works.

The originals are networks with every setting of a layer, a training state, and models of tables: classes, one number,
several numbers, sparse rows.
"""

from __future__ import annotations

import datetime
import functools
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from support.files.model_files import everything, fresh, trained_state

import chainrule as cr
from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import TableModel
from chainrule.tables.target_decoder import ClassLabels
from fuzz.damage import damaged_model
from fuzz.drawing import pick

CASE_SECONDS = 10.0
CASE_BYTES = 2**30  # whatever sizes a header claims


class Original(NamedTuple):
    """A whole file, and a function that loads and uses a file of its kind."""

    data: bytes
    use: Callable[[Path], None]


def check(rng: np.random.Generator) -> str:
    """Damages one file; a ChainruleError refuses it, or it is loaded, used, saved and loaded again."""
    all_files = originals()
    original: Original = pick(rng, all_files)
    data = damaged_model(rng, original.data, [other.data for other in all_files])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.safetensors"
        path.write_bytes(data)
        try:
            original.use(path)
        except cr.FileFormatError:
            return "refused"
        except cr.ChainruleError:  # it is loaded, but does not fit its rows
            return "loaded, not usable"
    return "loaded"


def use_network(path: Path) -> None:
    """Asserts that the loaded network maps rows to rows, and that it is the same after another way through a file."""
    net = cr.load(path)
    X = np.linspace(-1.0, 1.0, 3 * net.m[0]).reshape(3, -1)
    A = net(X)
    assert A.shape == (3, net.m[net.r]), (A.shape, net)
    assert net(X[0]).shape == A[0].shape
    net.save(path)
    assert cr.load(path).theta.tobytes() == net.theta.tobytes()


def use_state(path: Path) -> None:
    """Asserts that training goes on from the loaded state, to a finite θ."""
    state = cr.TrainingState.load(path)
    state.save(path)
    X = np.arange(12.0).reshape(4, 3) / 6
    net = fresh()
    cr.train(net, X, np.ones(4), optimizer="adam", epochs=5, validation=(X, np.ones(4)), patience=3, resume=state)
    assert np.isfinite(net.theta).all()


def use_model(path: Path, X: Any) -> None:
    """Asserts that the loaded model gives one prediction a row, and that it is the same after another way to a file."""
    model = TableModel.load(path)
    y = model.predict(X)
    assert len(y) == 8, y.shape
    if isinstance(model.target, ClassLabels):
        P = model.predict_proba(X)
        assert P.shape == (8, len(model.target)), P.shape
        assert set(y.tolist()) <= set(model.target.values.tolist()), y
    elif model.residuals is not None:
        assert model.predict_interval(X, 0.5).shape[0] == 8
    model.save(path)
    again = TableModel.load(path).predict(X)
    assert np.array_equal(again, y) or (again != again).any(), (again, y)


@functools.cache
def originals() -> list[Original]:
    """Returns the whole files."""
    rng = np.random.default_rng(0)
    rows: list[list[Any]] = [
        [k % 7 / 3, None if k % 5 == 0 else "abc"[k % 3], datetime.date(2024, 1 + k % 12, 1), k % 2 == 0]
        for k in range(40)
    ]
    words = scipy.sparse.random(40, 60, 0.1, "csr", rng=rng)
    quick: dict[str, Any] = {"hidden_layer_sizes": (3,), "n_networks": 2, "epochs": 3, "random_state": 0}
    y = np.array([row[0] for row in rows])
    one = functools.partial(use_model, X=rows[:8])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")

        def bytes_of(model: Any) -> bytes:
            model.save(Path(folder) / "model.safetensors")
            return (Path(folder) / "model.safetensors").read_bytes()

        return [
            Original(bytes_of(fresh()), use_network),
            Original(bytes_of(everything()), use_network),
            Original(bytes_of(cr.Network.dense([4, 8, 3], output="softmax", dtype="float32", seed=0)), use_network),
            Original(bytes_of(trained_state()), use_state),
            Original(bytes_of(NetworkClassifier(**quick).fit(rows, y > 1)), one),
            Original(bytes_of(NetworkClassifier(**quick).fit(rows, np.stack([y > 1, y > 0], axis=1))), one),
            Original(bytes_of(NetworkRegressor(**quick).fit(rows, y)), one),
            Original(bytes_of(NetworkRegressor(**quick).fit(rows, np.stack([y, y**2], axis=1))), one),
            Original(
                bytes_of(NetworkClassifier(**quick).fit(words, [["x", "y", "z"][k % 3] for k in range(40)])),
                functools.partial(use_model, X=words[:8]),
            ),
        ]
