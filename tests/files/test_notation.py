"""Networks as text in the lecture's notation: the same bits back, and the line and column of what is malformed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import chainrule as cr
from chainrule.activations import ACTIVATIONS


def random_network(seed: int) -> cr.Network:
    """A network of one to three layers of every kind, with numbers from the whole range of its type."""
    rng = np.random.default_rng(seed)
    dtype = np.dtype(str(rng.choice(["float32", "float64"])))
    exponents = (-44.0, 38.0) if dtype == np.float32 else (-320.0, 308.0)

    def numbers(*shape: int) -> NDArray[Any]:
        size = 10.0 ** rng.uniform(*(exponents if rng.random() < 0.3 else (-3.0, 3.0)), size=shape)
        sign = rng.choice([-1.0, 1.0, 0.0, -0.0], size=shape, p=[0.45, 0.45, 0.05, 0.05])
        return np.asarray((sign * size).astype(dtype))

    sizes = rng.integers(3, 6, size=rng.integers(2, 5)).tolist()
    layers = []
    for i, (n, m) in enumerate(pairwise(sizes)):
        sigma = ACTIVATIONS[rng.choice(sorted(ACTIVATIONS))]
        if sigma.name == "leaky_relu":
            sigma = sigma.with_parameters(slope=float(rng.random()))
        W: Any = numbers(m, n)
        if rng.random() < 0.3:
            cut_m, cut_n = int(rng.integers(1, m)), int(rng.integers(1, n))
            W = cr.BlockDiagonal([W[:cut_m, :cut_n], W[cut_m:, cut_n:]])
        kappa = None
        if sigma.entrywise and rng.random() < 0.4:
            sigma, kappa = cr.Parametric(sigma), numbers(m)
        dropout = float(rng.random()) if i < len(sizes) - 2 and rng.random() < 0.3 else 0.0
        rate = cr.Factors(W=float(rng.random()), b=0.5) if rng.random() < 0.3 else None
        layers.append(cr.Layer(W, numbers(m), sigma, dropout, kappa=kappa, rate=rate, decay=rate))
    return cr.Network(layers)


def test_text_gives_the_same_network_bit_for_bit() -> None:
    """300 random networks: θ, its type, structure, σ with parameters, dropout, rates and decays."""
    for seed in range(300):
        net = random_network(seed)
        back = cr.parse(net.to_text())
        assert back.theta.tobytes() == net.theta.tobytes(), seed
        assert (back.dtype, back.layout, back.m) == (net.dtype, net.layout, net.m)
        for one, other in zip(net.layers, back.layers, strict=True):
            assert (one.sigma, one.dropout, one.rate, one.decay) == (
                other.sigma,
                other.dropout,
                other.rate,
                other.decay,
            )


def test_own_sigmas_are_given_by_name() -> None:
    """A σ of one's own is written by its name, and supplied again by it."""
    square = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")
    net = cr.Network([cr.Layer([[3.0]], [-5.0], square)])
    assert cr.parse(net.to_text(), activations={"square": square})([2.0]) == [1.0]
    with pytest.raises(cr.FileFormatError, match=r"line 6, column 8: unknown activation 'square'"):
        cr.parse(net.to_text())


def test_text_by_hand() -> None:
    """Commas, semicolons, comments and line ends are free; N and dtype may be left out."""
    net = cr.parse(
        """
        # the lecture's L16
        W[1] = [3], b[1] = [-5]""".replace("], b", "]; b")
        + "; σ[1] = identity\nW[2] = [2.0; 1e0]\nb[2] = [1, .5]\nσ[2]=tanh # the end"
    )
    np.testing.assert_array_equal(net.theta, [3.0, -5.0, 2.0, 1.0, 1.0, 0.5])
    assert net.m == (1, 1, 2)


MALFORMED = [
    ("", "line 1, column 1: expected W[1] = …, the first layer; got the end of the text."),
    ("W[1] = [1 2", "line 1, column 12: expected a number; got the end of the text."),
    ("W[1] = [1 2; 3]", "line 1, column 15: expected a row of 2 numbers; got ']'."),
    ("W[1] = [1 x]", "line 1, column 11: expected a number; got 'x'."),
    ("W[1] = []", "line 1, column 9: expected a number; got ']'."),
    ("W[0] = [1]", "line 1, column 3: expected the number of a layer, from 1 on; got '0'."),
    ("V[1] = [1]", "line 1, column 1: expected a name: N, dtype, W, b, σ, κ, dropout, rate, decay; got 'V'."),
    ("W[1] [1]", "line 1, column 6: expected '='; got '['."),
    ("W[1] = [1]\nW[1] = [2]", "line 2, column 1: expected W[1] once; got 'W'."),
    ("W[1] = [1]\nb[1] = [0]", "line 2, column 11: expected σ[1] = …, which layer 1 lacks; got the end of the text."),
    ("W[1] = [1] 5", "line 1, column 12: expected the end of the line; got '5'."),
    ("b[1] = [1; 2]", "line 1, column 8: expected one row of numbers; got '['."),
    ("σ[1] = rleu", "line 1, column 8: unknown activation 'rleu'; did you mean 'relu'?"),
    ("σ[1] = leaky_relu(slop=1)", "line 1, column 8: leaky_relu has no parameter 'slop'; it has: slope."),
    ("σ[1] = parametric softmax", "line 1, column 8: sigma must be an entrywise activation"),
    ("rate[1] = (1, 2)", "line 1, column 11: expected the three factors of W, b and κ; got '('."),
    ("rate[1] = (1, 2, -3)", "line 1, column 11: the factor of kappa must be a finite number ≥ 0; got -3.0."),
    ("dtype = float16", "line 1, column 9: expected float32 or float64; got 'float16'."),
    ("W[1] = ?", "line 1, column 8: expected a name, a number, or one of [ ] ( ) , = ;; got '?'."),
    ("W[1] = [1]; b[1] = [0 0]; σ[1] = relu", "line 1, column 1, layer 1: b must have shape (1,)"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED)
def test_malformed_text_names_its_place(text: str, message: str) -> None:
    """The message has the line, the column, what is expected and what is there."""
    with pytest.raises(cr.FileFormatError) as refused:
        cr.parse(text)
    assert str(refused.value).startswith(message)


def test_layers_must_chain() -> None:
    """Sizes that do not chain are refused as in `Network`."""
    with pytest.raises(cr.ChainruleError, match="layer 2 must take the 1 outputs of layer 1"):
        cr.parse("W[1] = [1]; b[1] = [0]; σ[1] = relu; W[2] = [1 2]; b[2] = [0]; σ[2] = relu")


def test_what_has_no_notation_is_refused() -> None:
    """A schedule, a complex θ and a name of several words cannot be written; only a text can be read."""
    with pytest.raises(cr.InputError, match="the dropout of layer 1 follows a schedule"):
        cr.Network.dense([1, 1, 1], dropout=cr.Cosine(0.5)).to_text()
    with pytest.raises(cr.InputError, match="net must be float32 or float64 to be written"):
        cr.Network.dense([1, 1]).astype(complex).to_text()
    with pytest.raises(cr.InputError, match="the name of σ must be one word"):
        cr.Network([cr.Layer(1.0, 0.0, cr.Activation(np.sin, np.cos, name="my sine"))]).to_text()
    with pytest.raises(cr.InputError, match="text must be the definition of a network as a string; got 5"):
        cr.parse(5)  # type: ignore[arg-type]


def test_latex_has_the_definition() -> None:
    """N, each layer, its numbers and its σ with σ′, each in an environment of amsmath."""
    text = cr.Network([cr.Layer([[1.0, -0.5]], [0.25], "relu"), cr.Layer(2.0, 0.0, "sigmoid")]).to_latex()
    for part in (r"N &= (L [1] , L [2])", r"W [1] &= \left[\begin{array}{cc} 1 & -0.5", r"\mathrm{relu} (z) &= "):
        assert part in text
    assert text.count(r"\begin{align*}") == text.count(r"\end{align*}")
