"""The same case in exact fractions: both passes of the lecture, without rounding (Lecture, L7, L14, L15).

The arrays hold `Fraction` objects; the formulas are those of `network.forward` and `backprop`, which round to floats.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.by_layer import ByLayer
from chainrule._internal.checks import Array
from chainrule.activations import Activation, Sigma
from chainrule.costs import SumOfSquares
from chainrule.errors import InputError
from chainrule.explain.case import Case
from chainrule.network.forward import Forward

Exact: TypeAlias = NDArray[Any]  # an array of Fraction objects

LARGEST_DENOMINATOR = 10**6  # of a number that is shown as a fraction


def exact_case(case: Case) -> Case:
    """Returns the case with fractions in place of floats.

    Raises InputError if θ, x or y has a number that is no short fraction, or if a σ or the cost is not rational.
    """
    net, cost = case.net, case.cost
    if not isinstance(cost, SumOfSquares) or case.has_penalty:
        raise InputError(f"cost must be SumOfSquares without a penalty to be exact; got {cost!r}.")
    if any(part.runs is not None or part.parametric for part in net.layout):
        raise InputError("exact=True needs layers with a full W and a σ without κ.")
    W = ByLayer(as_fractions(case.W[i], f"W[{i}]") for i in range(1, net.r + 1))
    b = ByLayer(as_fractions(case.b[i], f"b[{i}]") for i in range(1, net.r + 1))
    Y, scales = as_fractions(case.data.Y, "Y"), _scales(case)
    z, slopes = list[Exact](), list[Exact]()
    a = [as_fractions(case.run.a[0], "X")]
    for i in range(1, net.r + 1):
        z.append(a[-1] @ W[i].T + b[i])
        values, slope = _of_sigma(net.sigma[i], z[-1])
        a.append(values)
        slopes.append(slope)
    errors = a[-1] - Y
    losses = (errors * errors).sum(axis=1) * Fraction(1, 2)
    da, delta = [errors * scales[:, None]], list[Exact]()
    for i in range(net.r, 0, -1):
        delta.insert(0, da[0] * slopes[i - 1])
        da.insert(0, delta[0] @ W[i])
    gradient = replace(
        case.gradient,
        J=(losses * scales).sum(),
        W=ByLayer(delta_i.T @ below for delta_i, below in zip(delta, a, strict=False)),
        b=ByLayer(delta_i.sum(axis=0) for delta_i in delta),
        delta=ByLayer(delta),
        a=ByLayer(da, first=0),
        run=Forward(ByLayer(z), ByLayer(a, first=0)),
        slopes=ByLayer(slopes),
    )
    return replace(case, data=case.data._replace(Y=Y), gradient=gradient, W=W, b=b, losses=losses, scales=scales)


def _scales(case: Case) -> Exact:
    weights = case.data.weights
    own: Exact = np.full(case.t, Fraction(1)) if weights is None else as_fractions(weights, "weights")
    return np.asarray(own / own.sum() if case.cost.mean else own)


def _of_sigma(sigma: Sigma, z: Exact) -> tuple[Exact, Exact]:
    found = sigma.exact(z) if isinstance(sigma, Activation) else None
    if found is None:
        raise InputError(
            f"sigma must map fractions to fractions to be exact, as identity, relu and leaky_relu do; got {sigma.name}."
        )
    return found


def as_fractions(array: Array, symbol: str) -> Exact:
    """Returns the numbers as the shortest fractions that round to them."""
    exact: Exact = np.empty(array.shape, dtype=object)
    for place, number in np.ndenumerate(array):
        fraction = short_fraction(number)
        if fraction is None:
            where = list(place)
            raise InputError(f"{symbol} must hold short fractions to be exact; got {number:.17g} at index {where}.")
        exact[place] = fraction
    return exact


def short_fraction(number: np.inexact[Any]) -> Fraction | None:
    """Returns the shortest fraction that rounds to a number, or None if its denominator is above 10⁶.

    >>> short_fraction(np.float64(0.1)), short_fraction(np.float32(1 / 3)), short_fraction(np.float64(np.pi))
    (Fraction(1, 10), Fraction(1, 3), None)
    """
    fraction = Fraction(float(number.real)).limit_denominator(LARGEST_DENOMINATOR)
    return fraction if type(number)(float(fraction)) == number else None
