"""The check of ∇J(θ): what it accepts and what it refuses."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 2))


def tanh_net() -> cr.Network:
    """A network of two layers, 3-4-2."""
    return cr.Network.dense([3, 4, 2], hidden="tanh", seed=1)


def test_every_array_of_a_right_gradient() -> None:
    """W, b and κ are listed; the complex step agrees to rounding, differences to ten digits; print shows a table."""
    net = cr.Network(
        [
            cr.Layer(cr.BlockDiagonal([[[0.5, 1.0]], [[2.0]]]), [0.1, -0.2], cr.Parametric("tanh")),
            cr.Layer([[1.0, -1.0]], [0.3], cr.identity),
        ]
    )
    check = cr.check_gradient(net, cr.SumOfSquares(l2=0.1), X, Y[:, :1], np.arange(6.0))
    assert [array.name for array in check.arrays] == ["∂J/∂W[1]", "∂J/∂b[1]", "∂J/∂κ[1]", "∂J/∂W[2]", "∂J/∂b[2]"]
    assert [(array.entries, array.size) for array in check.arrays] == [(3, 3), (2, 2), (2, 2), (2, 2), (1, 1)]
    for array in check.arrays:
        assert array.by_complex_step is not None
        assert array.by_complex_step < 1e-14
        assert array.by_differences < 1e-8
    assert str(check).splitlines()[0].split() == [
        "array", "entries", "by", "complex", "step", "by", "differences", "worst", "entry",
    ]  # fmt: skip


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("hidden", ["relu", "tanh", "softmax", "gelu"])
def test_gradients_of_every_engine_are_accepted(engine: str, dtype: str, hidden: str) -> None:
    """Both engines and both number types pass, for smooth and piecewise linear σ, entrywise or not."""
    if engine == "native":
        pytest.importorskip("chainrule._native")
    net = cr.Network.dense([3, 4, 2], hidden=hidden, seed=1).astype(dtype)
    cr.check_gradient(net, "sum_of_squares", X, Y, engine=engine)


def transposed(g: cr.Gradient) -> Array:
    """∂J/∂W[2] with its entries in the order of the transpose."""
    g.W[2][...] = g.W[2].reshape(4, 2).T
    return g.theta


def mean_for_sum(g: cr.Gradient) -> Array:
    """The gradient of the mean instead of the sum."""
    return g.theta / len(X)


def without_sigma_slope(g: cr.Gradient) -> Array:
    """δ[1] without the factor σ′(z[1]): the mistake that every student makes once."""
    net = tanh_net()
    da = g.delta[2] @ net.W[2]
    g.W[1][...], g.b[1][...] = da.T @ X, da.sum(axis=0)
    return g.theta


def one_entry_off(g: cr.Gradient) -> Array:
    """One entry that is wrong in the seventh digit."""
    g.W[1][2, 1] *= 1.0 + 1e-6
    return g.theta


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (transposed, r"∂J/∂W\[2\]\[\d, \d\] is claimed to be \S+, measured \S+\.$"),
        (mean_for_sum, r"∂J/∂W\[1\].* and ∂J/∂b\[2\]"),
        (without_sigma_slope, r"∂J/∂W\[1\].* and ∂J/∂b\[1\]\[\d\] is claimed to be \S+, measured \S+\.$"),
        (one_entry_off, r"^∂J/∂W\[1\]\[2, 1\] is claimed to be"),
    ],
)
def test_usual_mistakes_are_refused_by_name(mistake: Callable[[cr.Gradient], Array], words: str) -> None:
    """A transpose, a mean for the sum, a missing σ′ and one entry off by 1e-6 are refused, and the array is named."""
    g = cr.gradient(tanh_net(), "sum_of_squares", X, Y)
    with pytest.raises(cr.GradientRefused, match=words) as caught:
        cr.check_gradient(tanh_net(), "sum_of_squares", X, Y, claimed=mistake(g))
    assert isinstance(caught.value.check, cr.GradientCheck)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - its own
    assert str(again) == str(caught.value)


def test_kinks_are_no_mistakes() -> None:
    """At z = 0 of a ReLU each slope from 0 to 1 is accepted, and 2 is refused."""
    net = cr.Network([cr.Layer([[0.0]], [0.0], cr.relu)])

    def check(slope: float) -> cr.GradientCheck:
        return cr.check_gradient(net, "sum_of_squares", [[1.0]], [[-1.0]], claimed=[slope, slope])

    for slope in (0.0, 0.5, 1.0):
        check(slope)
    with pytest.raises(cr.GradientRefused, match="is claimed to be 2"):
        check(2.0)


def test_a_cost_that_discards_imaginary_parts() -> None:
    """|a − y| by np.abs has no complex step; its right derivative is accepted by differences alone."""
    cost = cr.CustomCost(lambda A, Y: np.abs(A - Y).sum(axis=1), lambda A, Y: np.sign(A - Y), name="own")
    check = cr.check_gradient(cr.Network.dense([3, 2], seed=0), cost, X, Y)
    assert [array.by_complex_step for array in check.arrays] == [None, None]


def test_some_entries_of_a_large_network() -> None:
    """``entries`` are drawn by the seed; a minimum, where all entries cancel, is accepted."""
    net = cr.Network.dense([3, 50, 2], hidden="tanh", seed=1)
    check = cr.check_gradient(net, "sum_of_squares", X, Y, entries=5, seed=3)
    assert [array.entries for array in check.arrays] == [5, 5, 5, 2]
    line = cr.Network.dense([1, 1], initial="zeros")
    cr.train(line, [[0.0], [1.0]], [[1.0], [3.0]], optimizer=cr.GradientDescent(0.5), epochs=3000, tol=0.0)
    for array in cr.check_gradient(line, "sum_of_squares", [[0.0], [1.0]], [[1.0], [3.0]]).arrays:
        assert array.by_complex_step is not None
        assert max(array.by_complex_step, array.by_differences) < 1e-4


def test_wrong_arguments() -> None:
    """A claimed gradient of another shape and 0 entries are refused."""
    with pytest.raises(cr.InputError, match=r"claimed must be a gradient of shape \(26,\), like θ; got \(3,\)"):
        cr.check_gradient(tanh_net(), "sum_of_squares", X, Y, claimed=[1.0, 2.0, 3.0])
    with pytest.raises(cr.InputError, match="entries"):
        cr.check_gradient(tanh_net(), "sum_of_squares", X, Y, entries=0)
