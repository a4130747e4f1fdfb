"""The history of a training run converts to tables, holds the last state, and holds no training data."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from support.noisy_examples import X, Y, small_net

import chainrule as cr
from chainrule.engines.state import RECORDS


def after(epochs: int) -> Callable[[cr.History], bool]:
    """A callback that stops training after this number of epochs."""
    return lambda history: history.epochs == epochs


def test_history_converts(engine: str) -> None:
    """A history converts to a dict of arrays and to a data frame, with one row per epoch from 1 on; a missing record is
    NaN."""
    history = cr.train(small_net(), X, Y, epochs=3, engine=engine)
    table = history.to_dict()
    assert list(table) == ["epoch", *RECORDS]
    assert {len(values) for values in table.values()} == {3} == {len(history)}
    np.testing.assert_array_equal(table["epoch"], [1, 2, 3])
    np.testing.assert_array_equal(table["J"], history.J)
    assert np.isnan(history.validation_J).all()
    assert history.best_epoch is None
    assert (history.seconds >= 0).all()
    assert (history.planned_epochs, history.engine) == (3, engine)
    assert history.engine_reason == "requested by name"
    assert repr(history) == f"History(3 epochs, J={history.J[-1]:.6g}, stopped='epochs', engine={engine!r})"
    pandas = pytest.importorskip("pandas")
    frame = history.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == list(table)
    np.testing.assert_array_equal(frame["J"].to_numpy(), history.J)


def test_a_history_does_not_change_afterwards(engine: str) -> None:
    """Neither resuming the run nor writing into a returned array changes a finished history."""
    net = small_net()
    history = cr.train(net, X, Y, epochs=3, engine=engine)
    J, theta = history.J, history.state.theta.copy()
    history.J[0] = -1.0
    cr.train(net, X, Y, epochs=6, resume=history.state, engine=engine)
    np.testing.assert_array_equal(history.J, J)
    np.testing.assert_array_equal(history.state.theta, theta)


@pytest.mark.parametrize("hidden", [5, 70])
def test_the_last_state_is_built_when_it_is_first_read(hidden: int, engine: str) -> None:
    """The state is that of the last step, however late it is read and also from a copied or pickled history: it has the
    θ of that step, a run resumes from it exactly, and every read returns the same object."""
    net = cr.Network.dense([X.shape[1], hidden, Y.shape[1]], seed=1)
    train = partial(cr.train, X=X, Y=Y, optimizer=cr.Adam(), batch_size=4, seed=3, engine=engine)
    whole = net.copy()
    history = train(net, epochs=3)
    theta = net.theta.copy()
    copies = [pickle.loads(pickle.dumps(history)), copy.deepcopy(history)]  # noqa: S301 - made just now
    net.theta[...] = 0.0
    assert history.state is history.state
    train(whole, epochs=5)
    for kept in (history, *copies):
        np.testing.assert_array_equal(kept.state.theta, theta)
        np.testing.assert_array_equal(kept.J, history.J)
        train(net, epochs=5, resume=kept.state)
        np.testing.assert_array_equal(net.theta, whole.theta)


def test_a_history_holds_no_training_set(engine: str) -> None:
    """A history and its state keep no reference to X and Y."""
    data = [X.copy(), Y.copy()]
    held = [weakref.ref(array) for array in data]
    history = cr.train(small_net(), *data, epochs=2, validation=tuple(data), patience=2, engine=engine)
    del data
    gc.collect()
    assert [array() for array in held] == [None, None]
    assert history.state.epoch == 2
