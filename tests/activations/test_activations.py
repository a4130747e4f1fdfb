"""The activations: exact values and derivatives in every range, complex steps, Jacobians, and a user's own."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable

import mpmath as mp
import numpy as np
import pytest

import chainrule as cr
from chainrule import activations
from chainrule._internal.checks import Array
from chainrule.activations import ACTIVATIONS

ENTRYWISE = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, cr.Activation)]
VECTOR = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, cr.VectorActivation)]
U = 2.0**-53
BOUND = 5  # units of u = 2⁻⁵³, relative; measured: at most 4.2
FLOOR = mp.mpf("1e-320")  # absolute, for results where float64 has lost digits already

mpf = mp.mpf
Real = Callable[[mp.mpf], mp.mpf]


def E(z: mp.mpf) -> mp.mpf:
    """eᶻ, 0 where it is below 1e-40000 anyway."""
    return mp.exp(z) if z > -1e5 else mpf(0)


def S(z: mp.mpf) -> mp.mpf:
    """The sigmoid."""
    return 1 / (1 + E(-z)) if z >= 0 else E(z) / (1 + E(z))


def T(z: mp.mpf) -> mp.mpf:
    """tanh(softplus(z))."""
    return mp.tanh(mp.log1p(E(z))) if z < 1e4 else mpf(1)


def slope_of_T(z: mp.mpf) -> mp.mpf:
    """T′."""
    return mp.sech(mp.log1p(E(z))) ** 2 * S(z) if z < 1e4 else mpf(0)


def cdf(z: mp.mpf) -> mp.mpf:
    """Φ."""
    return mp.ncdf(z) if z > -1e3 else mpf(0)


def pdf(z: mp.mpf) -> mp.mpf:
    """φ."""
    return mp.npdf(z) if abs(z) < 1e3 else mpf(0)


SCALE = mpf("1.0507009873554804934193349852946")
SCALE_ALPHA = mpf("1.0507009873554804934193349852946") * mpf("1.6732632423543772848170429916717")

# σ and the terms of σ′: their sum is σ′, and the sum of their magnitudes is what rounding is relative to.
TRUTH: dict[str, tuple[Real, Callable[[mp.mpf], list[mp.mpf]]]] = {
    "identity": (lambda z: z, lambda z: [mpf(1)]),
    "relu": (lambda z: max(z, mpf(0)), lambda z: [mpf(int(z > 0))]),
    "leaky_relu": (lambda z: z if z > 0 else mpf(0.01) * z, lambda z: [mpf(1) if z > 0 else mpf(0.01)]),
    "elu": (lambda z: z if z > 0 else mp.expm1(max(z, -1e5)), lambda z: [mpf(1) if z > 0 else E(z)]),
    "selu": (
        lambda z: SCALE * z if z > 0 else SCALE_ALPHA * mp.expm1(max(z, -1e5)),
        lambda z: [SCALE if z > 0 else SCALE_ALPHA * E(z)],
    ),
    "hard_tanh": (lambda z: max(mpf(-1), min(mpf(1), z)), lambda z: [mpf(int(abs(z) < 1))]),
    "sigmoid": (S, lambda z: [S(z) * S(-z)]),
    "tanh": (mp.tanh, lambda z: [mp.sech(z) ** 2 if abs(z) < 1e5 else mpf(0)]),
    "softplus": (lambda z: mp.log1p(E(z)) if z < 1e4 else z, lambda z: [S(z)]),
    "softsign": (lambda z: z / (1 + abs(z)), lambda z: [1 / (1 + abs(z)) ** 2]),
    "gelu": (lambda z: z * cdf(z), lambda z: [cdf(z), z * pdf(z)]),
    "silu": (lambda z: z * S(z), lambda z: [S(z), z * S(z) * S(-z)]),
    "mish": (lambda z: z * T(z), lambda z: [T(z), z * slope_of_T(z)]),
    "gaussian": (lambda z: E(-z * z), lambda z: [-2 * z * E(-z * z)]),
    "sine": (mp.sin, lambda z: [mp.cos(z)]),
    "exp": (E, lambda z: [E(z)]),
}


def points() -> Array:
    """z from 1e-300 to 1e308 of both signs, and densely in [−40, 40]."""
    rng = np.random.default_rng(0)
    log = 10.0 ** np.concatenate([np.linspace(-300, 308, 200), rng.uniform(-3, 3, 100)])
    dense = np.concatenate([np.linspace(-40, 40, 401), rng.uniform(-40, 40, 300), rng.uniform(-760, 760, 100)])
    return np.concatenate([[0.0], log, -log, dense])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_values_and_derivatives_are_exact(sigma: cr.Activation, dtype: type) -> None:
    """|computed − true| ≤ 5u·|true| for σ and for the terms of σ′, from 1e-300 to 1e308, in both precisions."""
    value, terms = TRUTH[sigma.name]
    largest = float(np.finfo(dtype).max)
    z = points()
    z = z[abs(z) <= largest].astype(dtype)
    if sigma.name == "exp":
        z = z[z < (709 if dtype is np.float64 else 88)]
    a, slopes = sigma(z), sigma.derivative(z)
    assert a.dtype == slopes.dtype == dtype
    # float32 results are the float64 ones, rounded once; below its normal numbers the spacing counts.
    unit, floor = (BOUND * mpf(U), FLOOR) if dtype is np.float64 else (mpf(1.001) * mpf(2) ** -24, mpf(2) ** -150)
    with mp.workdps(400 if sigma.name == "sine" else 40):
        for z_j, a_j, slope_j in zip(z.tolist(), a.tolist(), slopes.tolist(), strict=True):
            true, parts = value(mpf(z_j)), terms(mpf(z_j))
            size = abs(sum(parts)) if dtype is np.float32 else sum(abs(part) for part in parts)
            assert abs(mpf(a_j) - true) <= unit * abs(true) + floor, f"σ({z_j}) = {a_j}"
            assert abs(mpf(slope_j) - sum(parts)) <= unit * size + floor, f"σ′({z_j}) = {slope_j}"


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_no_formula_overflows_on_the_way(sigma: cr.Activation) -> None:
    """Neither σ nor σ′ raises a floating-point flag (underflow aside) where its value is finite, up to ±1e308."""
    z = points()
    if sigma.name == "exp":
        z = z[z < 709]
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert sigma._adjoint is not None
        assert np.isfinite(sigma.function(z, **sigma.parameters)).all()
        assert np.isfinite(sigma._adjoint(z, **sigma.parameters)).all()


@pytest.mark.parametrize(
    ("sigma", "z", "a", "slope"),
    [
        (cr.relu, 0.0, 0.0, 0.0),
        (cr.leaky_relu, 0.0, 0.0, 0.01),
        (cr.elu, 0.0, 0.0, 1.0),
        (cr.selu, 0.0, 0.0, 1.7580993408473769),
        (cr.hard_tanh, 1.0, 1.0, 0.0),
        (cr.hard_tanh, -1.0, -1.0, 0.0),
        (cr.sigmoid, 0.0, 0.5, 0.25),
        (cr.tanh, 20.0, 1.0, 1.6993417021166355e-17),
        (cr.sigmoid, -700.0, 9.859676543759770e-305, 9.859676543759770e-305),
        (cr.sigmoid, 1e308, 1.0, 0.0),
        (cr.exp, 1000.0, math.inf, math.inf),
    ],
)
def test_conventions_and_landmarks(sigma: cr.Activation, z: float, a: float, slope: float) -> None:
    """Values by hand: σ′ at a kink is the field's convention, and tails keep their digits."""
    assert sigma(z) == pytest.approx(a, rel=1e-15)
    assert sigma.derivative(z) == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("sigma", [s for s in ENTRYWISE if s.smooth], ids=lambda sigma: sigma.name)
def test_complex_step_gives_the_derivative(sigma: cr.Activation) -> None:
    """Im σ(x + ih)/h = σ′(x) to 1e-13, h = 1e-30, and Re σ(x + ih) = σ(x): σ is analytic, σ′ is its derivative."""
    x = np.concatenate([[0.0], np.linspace(-30, 30, 1201)])
    step = sigma(x + 1e-30j)
    slope = sigma.derivative(x)
    np.testing.assert_allclose(step.imag / 1e-30, slope, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(step.real, sigma(x), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_complex_step_gives_the_derivative_between_kinks(sigma: cr.Activation) -> None:
    """With kinks too, wherever x is none."""
    x = np.linspace(-30, 30, 1000)
    np.testing.assert_allclose(sigma(x + 1e-30j).imag / 1e-30, sigma.derivative(x), rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("sigma", VECTOR, ids=lambda sigma: sigma.name)
@pytest.mark.parametrize("m", [1, 2, 3, 7])
def test_vector_valued_pullback_is_the_complex_step(sigma: cr.VectorActivation, m: int) -> None:
    """pullback(z, g)ₗ = Σₖ gₖ Im σ(z + ih eₗ)ₖ/h to 1e-13, and so the Jacobian, row by row."""
    rng = np.random.default_rng(m)
    z, g = 2 * rng.standard_normal((5, m)), rng.standard_normal((5, m))
    steps = sigma(z[:, None, :] + 1e-30j * np.eye(m))  # [j, l, k]
    jacobian = (steps.imag / 1e-30).swapaxes(1, 2)  # [j, k, l]
    # two entries, once normalised, hardly move: their derivative is rounding of differences of size 1
    scale = np.abs(sigma.jacobian(z)).max() + (1 if sigma is cr.layer_norm else 0)
    np.testing.assert_allclose(sigma.jacobian(z), jacobian, rtol=0, atol=1e-13 * scale)
    pulled = np.einsum("jk,jkl->jl", g, jacobian)
    np.testing.assert_allclose(sigma.pullback(z, g), pulled, rtol=0, atol=1e-13 * scale * m)


def test_jacobians_by_formula() -> None:
    """diag p − ppᵀ for softmax, I − 1pᵀ for log_softmax, diag σ′ for an entrywise σ, at numbers."""
    z = np.array([[0.0, math.log(3.0)], [1.0, 1.0]])
    p = np.array([[0.25, 0.75], [0.5, 0.5]])
    np.testing.assert_allclose(cr.softmax(z), p, rtol=1e-15)
    for j in range(2):
        np.testing.assert_allclose(cr.softmax.jacobian(z)[j], np.diag(p[j]) - np.outer(p[j], p[j]), atol=1e-16)
        np.testing.assert_allclose(cr.log_softmax.jacobian(z)[j], np.eye(2) - np.outer([1, 1], p[j]), atol=1e-15)
        np.testing.assert_array_equal(cr.tanh.jacobian(z)[j], np.diag(cr.tanh.derivative(z)[j]))
    np.testing.assert_allclose(cr.layer_norm([1.0, 3.0]), np.array([-1, 1]) / math.sqrt(1 + 1e-5), rtol=1e-15)


@pytest.mark.parametrize("m", [2, 3, 10])
@pytest.mark.parametrize("spread", [1.0, 30.0, 600.0])
def test_softmax_and_its_logarithm_are_exact(m: int, spread: float) -> None:
    """Relative errors: softmax (max z − zₖ + m + 4) u; log_softmax (gap + m + 5) u, near 0 too, where the gap is that
    between the two largest zₖ: e^{−gap} feels the rounding of the gap."""
    z = spread * np.random.default_rng(0).standard_normal((20, m))
    p, log_p = cr.softmax(z), cr.log_softmax(z)
    with mp.workdps(60):
        for j in range(len(z)):
            exact = [mpf(float(v)) for v in z[j]]
            *others, second, top = sorted(exact)
            rest = mp.fsum(mp.exp(v - top) for v in (*others, second))
            for k, v in enumerate(exact):
                true = mp.exp(v - top) / (1 + rest)
                assert abs(mpf(float(p[j, k])) - true) <= (top - v + m + 4) * U * true + FLOOR
                log_true = v - top - mp.log1p(rest)
                assert abs(mpf(float(log_p[j, k])) - log_true) <= (top - second + m + 5) * U * abs(log_true) + FLOOR


@pytest.mark.parametrize("sigma", VECTOR, ids=lambda sigma: sigma.name)
@pytest.mark.parametrize(
    "row", [[1e308, -1e308, 0.0], [1e308, 1e308, 1e308], [-1e308, -1e308, -1e307], [1e-300, 0.0, -1e-300], [0, 0, 0]]
)
def test_extreme_rows_stay_finite(sigma: cr.VectorActivation, row: list[float]) -> None:
    """Entries of ±1e308 give finite values and pullbacks without a warning (log_softmax may fall below −1.8e308)."""
    z, g = np.array([row, row]), np.ones((2, 3))
    a = sigma(z)
    assert not np.isnan(a).any()
    assert sigma is cr.log_softmax or np.isfinite(a).all()
    assert np.isfinite(sigma.pullback(z, g)).all()
    assert np.isfinite(sigma.jacobian(z)).all()


def test_layer_norm_of_huge_rows() -> None:
    """The layer norm does not depend on the scale of a row, so at 1e308 it is that of the row divided by 1e308."""
    row = np.array([[1.0, -0.5, 0.25]])
    normal = row - row.mean()
    np.testing.assert_allclose(cr.layer_norm(1e308 * row), normal / np.sqrt((normal**2).mean()), rtol=1e-14)
    np.testing.assert_array_equal(cr.layer_norm([[1e308, 1e308]]), [[0.0, 0.0]])
    np.testing.assert_allclose(cr.layer_norm.jacobian([0.0, 0.0]) * math.sqrt(1e-5), [[0.5, -0.5], [-0.5, 0.5]])


@pytest.mark.parametrize("sigma", ACTIVATIONS.values(), ids=lambda sigma: sigma.name)
def test_shape_and_dtype_are_kept(sigma: activations.Sigma) -> None:
    """σ(z) and the pullback have the shape and dtype of z; integers become float64; lists are taken."""
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


@pytest.mark.parametrize("sigma", ACTIVATIONS.values(), ids=lambda sigma: sigma.name)
def test_nan_is_not_swallowed(sigma: activations.Sigma) -> None:
    """σ(NaN) is NaN, without a warning, and infinite z raise none either: divergence shows in J."""
    assert np.isnan(sigma(np.array([[np.nan, 1.0]]))[0, 0])
    sigma(np.array([[np.inf, -np.inf, 0.0]]))
    sigma.pullback(np.array([[np.inf, -np.inf, np.nan]]), np.ones((1, 3)))


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_ranges_hold_every_value(sigma: cr.Activation) -> None:
    """All values lie in the declared range, and a finite end of it is approached."""
    low, high = sigma.range
    z = np.concatenate([np.linspace(-50, 50, 200_001), points()])
    a = sigma(z)
    assert low <= a.min()
    assert a.max() <= high
    assert math.isinf(low) or a.min() - low < 1e-6
    assert math.isinf(high) or high - a.max() < 1e-6


def test_smooth_depends_on_the_parameters() -> None:
    """elu has a kink unless alpha is 1, leaky_relu unless the slope is 1; the others are what they are."""
    rough = {s.name for s in ENTRYWISE if not s.smooth}
    assert rough == {"relu", "leaky_relu", "selu", "hard_tanh"}
    assert not cr.elu.with_parameters(alpha=0.5).smooth
    assert cr.leaky_relu.with_parameters(slope=1).smooth
    assert all(s.smooth for s in VECTOR)


def test_parameters() -> None:
    """with_parameters gives another σ of the same kind; the catalogue's is left as it was."""
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
    """Equal are activations with equal names, parameters and functions; they print as what they are."""
    assert cr.leaky_relu.with_parameters(slope=0.01) == cr.leaky_relu
    assert cr.leaky_relu.with_parameters(slope=0.2) != cr.leaky_relu
    assert len({cr.relu, cr.relu.with_parameters(), cr.tanh, cr.leaky_relu}) == 3
    assert cr.relu != cr.Activation(lambda z: z, np.ones_like, name="relu")
    assert repr(cr.leaky_relu) == "cr.leaky_relu"
    assert repr(cr.leaky_relu.with_parameters(slope=0.2)) == "leaky_relu(slope=0.2)"
    assert repr(cr.Activation(lambda z: z, np.ones_like, name="mine")) == "mine()"


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
    """Activations can be copied, deeply copied and pickled, as estimators in other processes need it."""
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
    """Names give the activations, activations themselves; anything else is refused with a hint."""
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


def test_a_users_own_entrywise_activation() -> None:
    """A function and its derivative make a σ, parameters included; it is not the catalogue's."""
    sigma = cr.Activation(lambda z, k: k * z**2, lambda z, k: 2 * k * z, name="square", parameters={"k": 3})
    assert sigma(2.0) == 12.0
    assert sigma.derivative(2.0) == 12.0
    assert not sigma.builtin
    assert sigma.with_parameters(k=1.0)(2.0) == 4.0
    np.testing.assert_array_equal(sigma.pullback([[1.0, 2.0]], [[1.0, -1.0]]), [[6.0, -12.0]])
    assert sigma(np.float32(2)).dtype == np.float32
    own = cr.Activation(lambda z: z, np.ones_like)
    z = np.zeros(3)
    own(z)[0] = 1.0
    assert z[0] == 0.0


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (np.tanh, lambda z: 1 / np.cosh(z) ** 2),
        (lambda z: z / (1 + np.exp(-z)), cr.silu.derivative),
        (lambda z: np.where(z.real > 0, z, 0.1 * z), lambda z: np.where(z > 0, 1, 0.1)),
        (lambda z: z * z * np.sin(z), lambda z: 2 * z * np.sin(z) + z * z * np.cos(z)),
    ],
)
def test_a_derivative_may_be_left_out(function: Callable[..., Array], derivative: Callable[..., Array]) -> None:
    """Where the function is analytic between its kinks, the complex step gives σ′ to rounding error."""
    sigma = cr.Activation(function)
    z = np.linspace(-10, 10, 999)
    np.testing.assert_allclose(sigma.derivative(z), derivative(z), rtol=1e-13, atol=1e-13)
    with pytest.raises(cr.InputError, match="real z only"):
        sigma.derivative(z + 1j)


@pytest.mark.parametrize(
    "function",
    [
        np.abs,
        lambda z: z * np.conj(z),
        lambda z: np.maximum(z.real, 0),
        np.frompyfunc(math.erf, 1, 1),
        np.vectorize(math.tanh),
        lambda z: z.astype(float) ** 2,
        np.sign,
        lambda z: np.exp(z**3),
    ],
)
def test_a_derivative_that_cannot_be_computed_is_asked_for(function: Callable[..., Array]) -> None:
    """Where the function is not analytic, takes no complex numbers, jumps or overflows, σ′ must be given."""
    with pytest.raises(cr.ActivationRefused, match="Give σ′"):
        cr.Activation(function)


def test_a_users_own_vector_valued_activation() -> None:
    """With or without a pullback; a pullback left out is the complex step's."""
    unit = cr.VectorActivation(lambda z: z / np.sqrt(1 + (z * z).sum(axis=-1, keepdims=True)))
    z, g = np.array([[3.0, 4.0], [0.0, 1.0]]), np.array([[1.0, 0.0], [0.5, 2.0]])
    s = np.sqrt(1 + (z * z).sum(axis=1))
    for j in range(2):
        jacobian = np.eye(2) / s[j] - np.outer(z[j], z[j]) / s[j] ** 3
        np.testing.assert_allclose(unit.jacobian(z)[j], jacobian, rtol=1e-14)
        np.testing.assert_allclose(unit.pullback(z, g)[j], jacobian.T @ g[j], rtol=1e-14)
    with pytest.raises(cr.ActivationRefused, match="Give the pullback"):
        cr.VectorActivation(lambda z: np.abs(z) / np.abs(z).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cr.relu("one"), "z must"),
        (lambda: cr.relu([[1.0], [1.0, 2.0]]), "z must"),
        (lambda: cr.softmax(1.0), "got a single number"),
        (lambda: cr.softmax.pullback([1.0, 2.0], [1.0]), "g must have the shape"),
        (lambda: cr.Activation(3, np.cos), "function must"),  # type: ignore[arg-type]
        (lambda: cr.Activation(np.sin, 3), "derivative must"),  # type: ignore[arg-type]
        (lambda: cr.Activation(np.sin, np.cos, range=(1, -1)), "range must"),
        (lambda: cr.Activation(np.sin, np.cos, parameters={"k": math.inf}), "k must be a finite number"),
        (lambda: cr.Activation(lambda z: z.sum(), np.cos)([1.0, 2.0]), "returned shape"),
        (lambda: cr.Activation(lambda z: z + 1j, np.cos)([1.0]), "returned dtype complex"),
    ],
)
def test_bad_input_is_named(call: Callable[[], object], message: str) -> None:
    """What is wrong with an input or a definition is said."""
    with pytest.raises(cr.InputError, match=message):
        call()
