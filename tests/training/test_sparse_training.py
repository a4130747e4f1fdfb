"""Training on sparse X."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import chainrule as cr


@pytest.mark.parametrize("engine", ["native", "reference", pytest.param("torch", marks=pytest.mark.torch)])
def test_training_is_that_of_the_dense_matrix(engine: str) -> None:
    """θ and the records of a run over sparse rows are those of a run over the dense matrix."""
    rng = np.random.default_rng(0)
    X = sp.random_array((60, 40), density=0.1, rng=rng, format="csr")
    Y, held_out = rng.normal(size=(60, 2)), sp.random_array((20, 40), density=0.1, rng=rng, format="csc")
    thetas, curves = [], []
    for dense in (False, True):
        net = cr.Network.dense([40, 35, 2], seed=3)
        history = cr.train(
            net, X.toarray() if dense else X, Y, optimizer="adam", batch_size=16, epochs=4, engine=engine,
            validation=(held_out.toarray() if dense else held_out, Y[:20]),
        )  # fmt: skip
        thetas.append(net.theta)
        curves.append(np.array([history.J, history.validation_J]))
    np.testing.assert_allclose(thetas[0], thetas[1], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-9)


@pytest.mark.parametrize("engine", ["native", "reference", pytest.param("torch", marks=pytest.mark.torch)])
@pytest.mark.parametrize("sparse", ["X", "validation"])
def test_one_of_both_sets_may_be_dense(engine: str, sparse: str) -> None:
    """The training set may be sparse and the validation set dense, and the other way round."""
    X, Y, V = np.array([[1.0, 0.0], [0.0, 2.0]]), [[1.0], [2.0]], np.array([[0.0, 1.0], [3.0, 0.0]])
    nets = [cr.Network.dense([2, 1]) for _ in range(2)]
    curve = cr.train(
        nets[0], sp.csr_array(X) if sparse == "X" else X, Y, epochs=3, engine=engine,
        validation=(sp.csr_array(V) if sparse == "validation" else V, Y),
    ).validation_J  # fmt: skip
    assert curve == pytest.approx(cr.train(nets[1], X, Y, epochs=3, validation=(V, Y), engine=engine).validation_J)


@pytest.mark.filterwarnings("ignore::chainrule.engines.EngineNotice")  # that "lm" runs on the reference engine
@pytest.mark.parametrize("method", ["lm", "lbfgs", "newton-cg", "cg"])
def test_minimisers_take_sparse_rows(method: str) -> None:
    """A minimiser over sparse rows finds the minimum of the dense matrix."""
    X = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    nets = [cr.Network.dense([2, 1], initial="zeros") for _ in range(2)]
    for net, x in zip(nets, (X, sp.csr_array(X)), strict=True):
        cr.minimize(net, x, [[1.0], [2.0], [3.0]], method=method)
    assert nets[0].theta == pytest.approx(nets[1].theta, abs=1e-6)
