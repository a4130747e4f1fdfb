"""A check of ∇J(θ), entry by entry, beside derivatives of J that use no chain rule (Lecture, L14 – L17)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule import costs
from chainrule._internal.checks import Array, as_array, as_integer, as_seed
from chainrule._internal.complex_step import H
from chainrule._internal.text_table import text_table
from chainrule.backprop import Gradient
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike
from chainrule.engines.choice import EngineLike
from chainrule.engines.gradient import gradient
from chainrule.engines.objective import Objective
from chainrule.errors import GradientRefused, InputError
from chainrule.network import Network
from chainrule.network.block_diagonal import free_entries
from chainrule.network.theta import Layout, parameter_count, parameter_views


class CheckedArray(NamedTuple):
    """One array of a gradient, such as ∂J/∂W[1], beside its measurements.

    ``entries`` of its ``size`` were measured. ``by_complex_step`` and ``by_differences`` are the largest deviations
    from a measurement, relative to the largest quotient; ``by_complex_step`` is None where differences did
    not confirm it, as at a kink, or if σ or the cost takes no complex numbers. ``worst`` is the index of the entry that
    deviates most.
    """

    name: str
    size: int
    entries: int
    by_complex_step: float | None
    by_differences: float
    worst: tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck:
    """The result of `check_gradient`, one row for each array of the gradient; ``print(check)`` shows a table.

    >>> import chainrule as cr
    >>> check = cr.check_gradient(cr.Network.dense([2, 1], seed=0), "sum_of_squares", [[1.0, 2.0]], [[3.0]])
    >>> [array.name for array in check.arrays]
    ['∂J/∂W[1]', '∂J/∂b[1]']
    """

    arrays: tuple[CheckedArray, ...]

    def __repr__(self) -> str:
        rows = [
            [
                array.name,
                f"{array.entries} of {array.size}",
                "none" if array.by_complex_step is None else f"{array.by_complex_step:.1e}",
                f"{array.by_differences:.1e}",
                str(list(array.worst)),
            ]
            for array in self.arrays
        ]
        return text_table(["array", "entries", "by complex step", "by differences", "worst entry"], rows)


def check_gradient(
    net: Network,
    cost: Cost | str,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    *,
    claimed: ArrayLike | Gradient | None = None,
    entries: int | None = None,
    seed: int = 0,
    engine: EngineLike = "auto",
) -> GradientCheck:
    """Checks ∂J/∂W[i], ∂J/∂b[i] and ∂J/∂κ[i] entry by entry against derivatives of J that use no chain rule.

    The complex step Im J(θ + ih eₖ)/h with h = 1e-30 is exact to rounding. The quotients (J(θ + h eₖ) − J(θ))/h and
    (J(θ) − J(θ − h eₖ))/h are exact to about ten digits; at a kink of J the entry has to lie between them. ``claimed``
    is the gradient to check, (d,) or a `Gradient`: yours, or by default (None) that of ``engine``. Of each array
    ``entries`` are checked, drawn by ``seed`` (None: all of them); each entry takes three computations of J. The other
    arguments are those of `gradient`.

    Raises GradientRefused if an entry is wrong: the message names the worst one of each array; InputError as `gradient`
    does.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([2, 3, 1], hidden="tanh", seed=0)
    >>> X, Y = [[1.0, 2.0], [0.0, -1.0]], [[1.0], [0.0]]
    >>> all(array.by_complex_step < 1e-14 for array in cr.check_gradient(net, "sum_of_squares", X, Y).arrays)
    True
    >>> transposed = cr.gradient(net, "sum_of_squares", X, Y)
    >>> transposed.W[1][...] = transposed.W[1].reshape(2, 3).T
    >>> cr.check_gradient(net, "sum_of_squares", X, Y, claimed=transposed)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    chainrule.errors.GradientRefused: ∂J/∂W[1][...] is claimed to be ..., measured ...

    Source: Lecture, L14 – L17; W. Squire & G. Trapp, Using complex variables to estimate derivatives of real functions,
    1998.
    """
    cost = costs.get(cost)
    draw = np.random.default_rng(as_seed(seed))
    most = None if entries is None else as_integer(entries, "entries", 1)
    own = gradient(net, cost, X, Y, weights, engine=engine).theta
    theta = own if claimed is None else _as_gradient(claimed, own)
    J = cost.of(net.astype(np.float64), X, Y, weights)
    u = float(np.finfo(net.dtype).eps)
    noise = abs(J()) + float(abs(own).max())
    arrays: list[CheckedArray] = []
    faults: list[str] = []
    for name, places in _arrays(net.layout):
        chosen = np.arange(places.size)
        if most is not None and most < len(chosen):
            chosen = np.sort(draw.choice(chosen, most, replace=False))
        k = places.ravel()[chosen]
        found = _deviation(theta[k], measure(J, k), u, noise)
        entry = tuple(int(part) for part in np.unravel_index(chosen[found.worst], places.shape))
        arrays.append(CheckedArray(name, places.size, len(k), found.by_complex_step, found.by_differences, entry))
        if found.fault:
            faults.append(f"{name}{list(entry)} {found.fault}")
    check = GradientCheck(tuple(arrays))
    if faults:
        raise GradientRefused(f"{', and '.join(faults)}.", check)
    return check


def _as_gradient(claimed: ArrayLike | Gradient, own: Array) -> Array:
    theta = as_array(claimed.theta if isinstance(claimed, Gradient) else claimed, "claimed", own.dtype)
    if theta.shape != own.shape:
        raise InputError(f"claimed must be a gradient of shape {own.shape}, like θ; got {theta.shape}.")
    return theta


def _arrays(layout: Layout) -> Iterator[tuple[str, NDArray[np.intp]]]:
    """Yields the name of each array of the gradient, and the places of its entries in θ."""
    views = parameter_views(np.arange(parameter_count(layout), dtype=np.float64), layout)
    for i in range(1, len(layout) + 1):
        for letter, places in (("W", free_entries(views.W[i])), ("b", views.b[i]), ("κ", views.kappa[i])):
            if places.size:
                yield f"∂J/∂{letter}[{i}]", places.astype(np.intp)


class Measured(NamedTuple):
    """∂J/∂θₖ at several k, measured in three ways; the complex step is None if σ or the cost refuses it."""

    complex_step: Array | None
    forwards: Array
    backwards: Array

    @property
    def central(self) -> Array:
        """(J(θ + h eₖ) − J(θ − h eₖ))/(2h)."""
        return (self.forwards + self.backwards) / 2


def measure(J: Objective, places: NDArray[np.intp]) -> Measured:
    """Measures ∂J/∂θₖ at these places k of θ, in double precision, by a complex step and by both quotients."""
    J_theta = J()

    def moved(k: int, step: complex) -> float:
        theta = J.theta.astype(np.result_type(J.theta, step))
        theta[k] += step
        return J(theta)

    h = np.cbrt(np.finfo(np.float64).eps) * np.maximum(1.0, abs(J.theta[places]))
    right = np.array([moved(k, h_k) for k, h_k in zip(places, h, strict=True)])
    left = np.array([moved(k, -h_k) for k, h_k in zip(places, h, strict=True)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a cast from complex to real would discard the derivative
        try:
            complex_step = np.array([np.imag(moved(k, H * 1j)) for k in places]) / H
        except (TypeError, ValueError, Warning):
            complex_step = None
    return Measured(complex_step, (right - J_theta) / h, (J_theta - left) / h)


class _Deviation(NamedTuple):
    """The largest deviations of an array, relative to its largest quotient; its worst entry and the fault."""

    by_complex_step: float | None
    by_differences: float
    worst: int
    fault: str


def _deviation(claimed: Array, measured: Measured, u: float, noise: float) -> _Deviation:
    """Compares claimed entries with measured ones.

    An entry may deviate by √u of the largest quotient, where u is the spacing of its floats, and from differences by
    1e-5 of it; ``noise`` is the size of the numbers whose rounding all of them share. The complex step counts where
    differences confirm it, since a σ or a cost may discard imaginary parts.
    """
    low, high = np.sort([measured.forwards, measured.backwards], axis=0)
    truth = (low + high) / 2
    scale = float(max(abs(low).max(), abs(high).max()))  # of J″ h at a minimum, where ∇J is rounding
    tight = u**0.5 * scale + 1e3 * u * noise + np.finfo(np.float64).tiny
    loose = tight + 1e-5 * scale + 1e-9 * noise
    off = np.minimum(abs(claimed - truth), np.minimum(abs(claimed - low), abs(claimed - high)))
    excess = np.maximum(low - claimed, claimed - high) / loose
    by_complex_step = None
    if measured.complex_step is not None:
        is_confirmed = abs(measured.complex_step - truth) <= loose
        truth = np.where(is_confirmed, measured.complex_step, truth)
        if is_confirmed.any():
            by_complex_step = float(abs(claimed - truth)[is_confirmed].max() / (scale or 1.0))
            excess = np.where(is_confirmed, np.maximum(excess, abs(claimed - truth) / tight), excess)
    worst = int(excess.argmax())
    fault = "" if excess[worst] <= 1.0 else f"is claimed to be {claimed[worst]:.6g}, measured {truth[worst]:.6g}"
    return _Deviation(by_complex_step, float(off.max() / (scale or 1.0)), worst, fault)
