"""A σ is recognised by its values alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import chainrule as cr
from chainrule._internal.checks import Array
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.conversion.recognition import recognised


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("m", [2, 7])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_is_itself(name: str, m: int, dtype: type) -> None:
    """No two activations of the catalogue are taken for each other."""
    sigma = ACTIVATIONS[name]
    assert recognised(sigma, m, dtype) == sigma


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "sigma",
    [
        cr.leaky_relu.with_parameters(slope=0.2),
        cr.leaky_relu.with_parameters(slope=1.5),
        cr.elu.with_parameters(alpha=0.7),
    ],
    ids=["slope_0.2", "slope_1.5", "alpha_0.7"],
)
def test_parameters_are_found_to_the_digit(sigma: cr.Activation, dtype: type) -> None:
    """A slope and an α are the decimal numbers that were given."""
    found = recognised(sigma, 3, dtype)
    assert found is not None
    assert found.parameters == pytest.approx(dict(sigma.parameters), rel=1e-14 if dtype is np.float64 else 1e-6)


def _softplus(z: Array) -> Array:
    return np.log1p(np.exp(z))  # infinite for large z


def _mish(z: Array) -> Array:
    return z * np.tanh(np.logaddexp(0.0, z))


@pytest.mark.parametrize(("function", "sigma"), [(_softplus, cr.softplus), (_mish, cr.mish)], ids=["softplus", "mish"])
def test_other_formulas_are_the_same_activation(function: Callable[[Array], Array], sigma: cr.Activation) -> None:
    """It may be written in another way, and overflow where |z| > 30."""
    assert recognised(function, 2, np.float64) == sigma


REFUSED: dict[str, Callable[[Array], Array]] = {
    "relu6": lambda z: np.clip(z, 0.0, 6.0),
    "relu_cut_at_5000": lambda z: np.clip(z, 0.0, 5000.0),
    "gelu_by_tanh": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3))),
    "hard_swish": lambda z: z * np.clip(z + 3, 0.0, 6.0) / 6,
    "softplus_of_2z": lambda z: np.logaddexp(0.0, 2 * z),
    "cube": lambda z: z**3,
    "undefined_below_0": np.sqrt,
    "columns_alike": lambda z: np.broadcast_to(np.maximum(z[:, :1], 0.0), z.shape),
    "other_shape": lambda z: z[:, :1],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_differs_anywhere_is_none(name: str) -> None:
    """A cut, a factor, an approximation and a mixture are no activation of the catalogue."""
    assert recognised(REFUSED[name], 2, np.float64) is None
