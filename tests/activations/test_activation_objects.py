"""Activations as frozen values: shapes and dtypes, parameters, equality, copies and names."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

import chainrule as cr
from chainrule import activations
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS

ENTRYWISE = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, cr.Activation)]
VECTOR = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, cr.VectorActivation)]


@pytest.mark.parametrize("sigma", ACTIVATIONS.values(), ids=lambda sigma: sigma.name)
def test_shape_and_dtype_are_kept(sigma: activations.Sigma) -> None:
    """σ(z) and the pullback have the shape and dtype of z; integers become float64; lists are accepted."""
    for dtype in (np.float32, np.float64, np.complex128):
        z = np.ones((4, 3), dtype)
        for result in (sigma(z), sigma.pullback(z, z)):
            assert result.shape == (4, 3)
            assert result.dtype == dtype
        assert sigma.jacobian(z).shape == (4, 3, 3)
        assert sigma.jacobian(z).dtype == dtype
    assert sigma(np.ones((2, 3), int)).dtype == np.float64
    assert sigma([[1, 2], [3, 4]]).shape == (2, 2)
    assert sigma([0.5]).shape == (1,)
    assert sigma(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_numbers_give_numbers(sigma: cr.Activation) -> None:
    """A single z gives a single σ(z) and σ′(z), equal to those inside an array."""
    assert np.ndim(sigma(0.3)) == np.ndim(sigma.derivative(0.3)) == 0
    assert sigma(0.3) == sigma([0.3, 1.0])[0]


def test_smooth_depends_on_the_parameters() -> None:
    """elu has a kink unless alpha is 1, leaky_relu unless the slope is 1; the smoothness of the others is fixed."""
    rough = {s.name for s in ENTRYWISE if not s.smooth}
    assert rough == {"relu", "leaky_relu", "selu", "hard_tanh"}
    assert not cr.elu.with_parameters(alpha=0.5).smooth
    assert cr.leaky_relu.with_parameters(slope=1).smooth
    assert all(s.smooth for s in VECTOR)


def test_parameters() -> None:
    """``with_parameters`` returns another σ of the same kind and does not change the one of the catalogue."""
    leaky = cr.leaky_relu.with_parameters(slope=0.2)
    assert leaky(-1.0) == -0.2
    assert cr.leaky_relu(-1.0) == -0.01
    assert leaky.derivative(-1.0) == 0.2
    assert dict(leaky.parameters) == {"slope": 0.2}
    assert leaky.builtin
    assert cr.elu.with_parameters(alpha=2.0)(-50.0) == -2.0
    np.testing.assert_allclose(cr.layer_norm.with_parameters(epsilon=3.0)([1.0, 3.0]), [-0.5, 0.5])
    for wrong in ({"slop": 0.2}, {"slope": math.nan}, {"slope": "steep"}):
        with pytest.raises(cr.InputError):
            cr.leaky_relu.with_parameters(**wrong)
    for epsilon in (0.0, -1.0):
        with pytest.raises(cr.InputError, match="not finite"):
            cr.layer_norm.with_parameters(epsilon=epsilon)


def test_equality_hash_and_repr() -> None:
    """Activations are equal if their names, parameters and functions are; ``repr`` shows name and parameters."""
    assert cr.leaky_relu.with_parameters(slope=0.01) == cr.leaky_relu
    assert cr.leaky_relu.with_parameters(slope=0.2) != cr.leaky_relu
    assert len({cr.relu, cr.relu.with_parameters(), cr.tanh, cr.leaky_relu}) == 3
    assert cr.relu != cr.Activation(lambda z: z, np.ones_like, name="relu")
    assert repr(cr.leaky_relu) == "cr.leaky_relu"
    assert repr(cr.leaky_relu.with_parameters(slope=0.2)) == "leaky_relu(slope=0.2)"
    assert repr(cr.Activation(lambda z: z, np.ones_like, name="mine")) == "mine"


def cube(z: Array) -> Array:
    """z³."""
    return z**3


def cube_derivative(z: Array) -> Array:
    """3z²."""
    return 3 * z**2


@pytest.mark.parametrize(
    "sigma", [cr.relu, cr.softmax, cr.elu.with_parameters(alpha=0.3), cr.Activation(cube, cube_derivative)], ids=repr
)
def test_copies_and_pickles_are_equal(sigma: activations.Sigma) -> None:
    """Activations can be copied, deeply copied and pickled, which estimators in other processes need."""
    for twin in (copy.copy(sigma), copy.deepcopy(sigma), pickle.loads(pickle.dumps(sigma))):  # noqa: S301 - our own
        assert twin == sigma
        assert hash(twin) == hash(sigma)
        assert twin.builtin == sigma.builtin
        assert repr(twin) == repr(sigma)


def test_activations_are_frozen() -> None:
    """Neither attributes nor parameters of a σ can be changed."""
    with pytest.raises(AttributeError, match="frozen"):
        cr.relu.name = "mine"
    with pytest.raises(TypeError):
        cr.leaky_relu.parameters["slope"] = 3.0  # type: ignore[index]


def test_catalogue() -> None:
    """A name gives its activation, an activation gives itself, and anything else is refused with a hint."""
    assert activations.get("gelu") is cr.gelu
    assert activations.get(cr.gelu) is cr.gelu
    assert all(name == sigma.name and sigma.builtin for name, sigma in ACTIVATIONS.items())
    assert len(ACTIVATIONS) == 19
    with pytest.raises(cr.UnknownName, match="did you mean 'relu'"):
        activations.get("rellu")
    with pytest.raises(cr.InputError, match=r"cr\.Activation"):
        activations.get(np.tanh)  # type: ignore[arg-type]
    assert {s.name: s.hidden_initial for s in ACTIVATIONS.values() if s.hidden_initial != "glorot"} == {
        "selu": "lecun", "relu": "he", "leaky_relu": "he", "elu": "he", "gelu": "he", "silu": "he", "mish": "he",
    }  # fmt: skip
