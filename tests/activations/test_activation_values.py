"""σ and σ′ of the catalogue: exact to a few units of rounding over the whole range of z, and finite at its ends."""

from __future__ import annotations

import math
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
FLOOR = mp.mpf("1e-320")  # absolute, for subnormal results, which have fewer digits
mpf = mp.mpf
Real = Callable[[mp.mpf], mp.mpf]


def E(z: mp.mpf) -> mp.mpf:
    """eᶻ, or 0 where eᶻ < 1e-40000."""
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
# σ and the terms of σ′: their sum is σ′, and rounding errors are relative to the sum of their magnitudes.
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
    # float32 results are the float64 ones, rounded once; the floor is the rounding of subnormal numbers.
    unit, floor = (BOUND * mpf(U), FLOOR) if dtype is np.float64 else (mpf(1.001) * mpf(2) ** -24, mpf(2) ** -150)
    with mp.workdps(400 if sigma.name == "sine" else 40):
        for z_j, a_j, slope_j in zip(z.tolist(), a.tolist(), slopes.tolist(), strict=True):
            true, parts = value(mpf(z_j)), terms(mpf(z_j))
            size = abs(sum(parts)) if dtype is np.float32 else sum(abs(part) for part in parts)
            assert abs(mpf(a_j) - true) <= unit * abs(true) + floor, f"σ({z_j}) = {a_j}"
            assert abs(mpf(slope_j) - sum(parts)) <= unit * size + floor, f"σ′({z_j}) = {slope_j}"


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_no_formula_overflows_before_its_value_does(sigma: cr.Activation) -> None:
    """Neither σ nor σ′ raises a floating-point flag other than underflow if its value is finite, up to ±1e308."""
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
        (cr.elu.with_parameters(alpha=2.0), 0.0, 0.0, 2.0),
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
def test_values_at_kinks_and_in_tails(sigma: cr.Activation, z: float, a: float, slope: float) -> None:
    """σ′ at a kink is the usual one-sided value, and values in the tails keep all their digits."""
    assert sigma(z) == pytest.approx(a, rel=1e-15)
    assert sigma.derivative(z) == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize("m", [2, 3, 10])
@pytest.mark.parametrize("spread", [1.0, 30.0, 600.0])
def test_softmax_and_its_logarithm_are_exact(m: int, spread: float) -> None:
    """The relative error of softmax is at most (max z − zₖ + m + 4) u; that of log_softmax, near 0 too, at most
    (gap + m + 5) u, where the gap is that between the two largest zₖ, since e^{−gap} depends on its rounding."""
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
def test_nan_stays_nan(sigma: activations.Sigma) -> None:
    """σ(NaN) is NaN, so that divergence shows in J; neither NaN nor infinite z give a warning."""
    assert np.isnan(sigma(np.array([[np.nan, 1.0]]))[0, 0])
    sigma(np.array([[np.inf, -np.inf, 0.0]]))
    sigma.pullback(np.array([[np.inf, -np.inf, np.nan]]), np.ones((1, 3)))


@pytest.mark.parametrize("sigma", ENTRYWISE, ids=lambda sigma: sigma.name)
def test_ranges_hold_every_value(sigma: cr.Activation) -> None:
    """All values lie in the declared range, and they approach its finite ends."""
    low, high = sigma.range
    z = np.concatenate([np.linspace(-50, 50, 200_001), points()])
    a = sigma(z)
    assert low <= a.min()
    assert a.max() <= high
    assert math.isinf(low) or a.min() - low < 1e-6
    assert math.isinf(high) or high - a.max() < 1e-6
