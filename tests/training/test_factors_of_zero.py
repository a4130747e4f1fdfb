"""A factor of 0 is 0, also beside numbers that overflow together."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


def test_a_minibatch_without_weight_has_no_penalty(engine: str) -> None:
    """A penalty that overflows makes the second step diverge, that of the example with weight, and not the first."""
    net = cr.Network.dense([2, 3, 1], hidden="tanh")
    net.W[2][...] = 1e200
    cost, optimizer = cr.AbsoluteError(l1=1e200, l2=1e200), cr.GradientDescent(1e-300)
    with pytest.raises(cr.DivergenceError) as caught:
        cr.train(
            net, [[0.5, 1.0], [0.0, 1.0]], [[0.0], [0.0]], cost=cost, weights=[0.0, 1.0], batch_size=1, shuffle=False,
            optimizer=optimizer, epochs=1, engine=engine,
        )  # fmt: skip
    assert caught.value.history.state.step == 1


def test_the_scale_of_a_penalty_meets_lambda_first(engine: str) -> None:
    """λ Σ|w| overflows, and (λ / Σw) Σ|w| does not."""
    net = cr.Network([cr.Layer([[1e160, 2e160]], [0.0], "tanh")])
    cost = cr.SumOfSquares(l1=1e160, mean=True, mean_penalty=True)
    history = cr.train(
        net, [[0.0, 0.0]], [[0.0]], cost=cost, weights=[1e150], optimizer=cr.GradientDescent(1e-300), epochs=1,
        engine=engine,
    )  # fmt: skip
    assert history.J[0] == pytest.approx(3e170, rel=1e-12)


def test_a_layer_without_decay_keeps_its_theta(engine: str) -> None:
    """α λ may overflow in float32; where the factor of the decay is 0 there is none all the same."""
    layer = cr.Layer(np.ones((1, 2), "float32"), np.zeros(1, "float32"), "tanh", decay=cr.Factors(W=0.0, b=0.0))
    net = cr.Network([layer])
    optimizer = cr.AdamW(1e28, weight_decay=1e28)
    history = cr.train(net, [[0.0, 0.0]], [[0.0]], optimizer=optimizer, epochs=1, engine=engine)
    assert history.epochs == 1
    np.testing.assert_array_equal(net.W[1], 1.0)
