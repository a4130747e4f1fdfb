"""The torch engine's J(θ), ∇J(θ), δ[i] and N(x) lie within the derived rounding bounds of the reference's.

Every built-in σ is combined with every cost that it fits, in float32 and float64, as for the native engine, from
``cr.gradient`` and from a training step: ∇J(θ) is (θ₀ − θ₁)/α with an α so large that θ₀ does not matter.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.engines.gradient_bounds import DTYPES, assert_gradients, assert_within, one_step, reference
from support.engines.gradient_cases import SIGMAS, TABLE, cases, draw, title
from support.rounding import difference_bounds

import chainrule as cr
from chainrule.activations import Sigma
from chainrule.engines.minibatches import dropout_masks
from chainrule.network.forward import forward

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(("sigma", "kind"), TABLE)
def test_gradients(sigma: Sigma, kind: type[cr.Cost]) -> None:
    """J(θ), ∇J(θ) and every δ[i] lie within the derived bound."""
    for case in cases(sigma, kind):
        assert_gradients(case, is_sharp=sigma.entrywise, engine="torch")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sigma", SIGMAS, ids=title)
def test_dropout(sigma: Sigma, dtype: str) -> None:
    """A step with dropout has the ∇J(θ) of the network thinned by the masks of the stream's first key."""
    case = draw(sigma, cr.SumOfSquares, (5, 70, 40, 3), 37, dtype, 0)
    assert case is not None
    layers = case.net.layers
    thinned = cr.Network(cr.Layer(L.W, L.b, L.sigma, 0.0 if L is layers[-1] else 0.3) for L in layers)
    case = case._replace(net=thinned)
    masks = dropout_masks(
        int(np.random.PCG64(7).random_raw()), thinned.astype(np.float64), 37, [0.3] * (len(layers) - 1) + [0.0]
    )
    truth, bound = reference(case, masks), difference_bounds(*case, masks)
    _, J, g, rounded = one_step(case, seed=7, engine="torch")
    assert_within("J", J, truth.J, bound.J)
    assert_within("∇J", g, truth.theta, bound.theta + rounded)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("sigma", SIGMAS, ids=title)
def test_outputs(sigma: Sigma, dtype: str) -> None:
    """N(x) of one row and of many lies within the derived bound."""
    for t in (1, 37):
        case = draw(sigma, cr.SumOfSquares, (7, 33, 31, 4), t, dtype, 0)
        assert case is not None
        net, _, X, *_ = case
        truth = forward(net.astype(np.float64), X.astype(np.float64)).a[net.r]
        outputs = net(X, engine="torch")
        assert (outputs.shape, outputs.dtype) == (truth.shape, net.dtype)
        assert_within(f"t = {t}", outputs, truth, difference_bounds(*case).a[net.r])
