"""The path of θ: ``record``, `History.rewind` and `History.forward`."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(17, 3)), RNG.normal(size=(17, 2))


def trained(record: Any, **arguments: Any) -> tuple[cr.Network, cr.History]:
    """A network 3-4-2 and the history of six epochs of its training."""
    net = cr.Network.dense([3, 4, 2], hidden="tanh", seed=1)
    return net, cr.train(net, X, Y, **{"optimizer": cr.Adam(0.05), "epochs": 6, "record": record} | arguments)


@pytest.mark.parametrize("batch_size", [None, 5])
def test_each_theta_is_that_of_a_shorter_run(batch_size: int | None, engine: str) -> None:
    """theta[k] is bitwise the θ of a run of k epochs, and gradient[k] is ∇J over all examples there."""
    net, history = trained(["theta", "gradient"], batch_size=batch_size, engine=engine)
    assert history.theta.shape == history.gradient.shape == (7, net.d)
    for k in range(7):
        shorter, _ = trained([], batch_size=batch_size, engine=engine, epochs=k)
        assert np.array_equal(history.theta[k], shorter.theta)
        assert np.array_equal(history.gradient[k], cr.gradient(shorter, "sum_of_squares", X, Y).theta)


def test_recording_changes_no_bit() -> None:
    """θ and J are the same with and without a record, and with a callback every third epoch."""
    calls: list[int] = []
    net, history = trained(["theta"], callbacks=[lambda h: calls.append(h.epochs)], callback_epochs=3)
    other, plain = trained([])
    assert np.array_equal(net.theta, other.theta)
    assert np.array_equal(history.J, plain.J)
    assert calls == [3, 6]


def test_back_and_forth() -> None:
    """``rewind`` goes to a θ of the path, and ``forward`` on from there."""
    net, history = trained(["theta"])
    history.rewind(2)
    assert np.array_equal(net.theta, history.theta[2])
    for n, k in ((1, 3), (3, 6)):
        history.forward(n)
        assert np.array_equal(net.theta, history.theta[k])
    history.rewind()
    assert np.array_equal(net.theta, history.theta[0])
    with pytest.raises(cr.InputError, match=r"the path ends after 6 epochs; got 7\. Train further with resume="):
        history.forward(7)
    with pytest.raises(cr.InputError, match="k must be an integer"):
        history.rewind(-1)


def test_theta_changed_by_a_callback_is_on_the_path() -> None:
    """What a callback makes of θ is what the path holds."""
    net = cr.Network.dense([3, 2], seed=0)

    def to_zero(history: cr.History) -> None:
        net.theta = np.zeros(net.d)

    history = cr.train(net, X, Y, epochs=2, record=["theta"], callbacks=[to_zero])
    assert history.theta[0].any()
    assert not history.theta[1:].any()


def test_a_resumed_run_records_its_own_part() -> None:
    """After a resume the path begins where the run went on."""
    net, history = trained(["theta"])
    more = cr.train(net, X, Y, optimizer=cr.Adam(0.05), epochs=8, resume=history.state, record=["theta"])
    assert len(more.theta) == 3
    assert np.array_equal(more.theta[0], history.theta[-1])


def test_a_pickled_history_keeps_its_path() -> None:
    """The path is pickled with the history, without the training data."""
    _, history = trained(["theta", "gradient"])
    again = pickle.loads(pickle.dumps(history))  # noqa: S301 - its own
    assert np.array_equal(again.theta, history.theta)
    assert len(pickle.dumps(history)) < 20_000


def test_errors() -> None:
    """Other names are refused, and a path that was not recorded is named."""
    with pytest.raises(cr.InputError, match=r'record must be a list of "theta" and "gradient"; got'):
        trained(["J"])
    with pytest.raises(cr.InputError, match="record must be a list"):
        trained("theta")
    _, history = trained(["gradient"])
    with pytest.raises(cr.InputError, match=r'theta was not recorded; pass record=\["theta"\]'):
        history.rewind()
