"""The definition of a plan: its value for each row in float64, and a bound on the rounding errors of a target.

The bound is a running error analysis of first order: each quantity a carries e ≥ |â − a| for an â that is computed with
unit roundoff u. A sum of n products has at most γ(n) = nu/(1 − nu) of Σ|w||a| (Higham, Accuracy and stability of
numerical algorithms, 2002, ch. 3); an error e of z becomes |σ′(z)| e. What is neglected is of order u².
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from chainrule._internal.checks import Floats
from chainrule.activations import Activation, Parametric
from chainrule.exports.plan import CategoryFeatures, NumberFeature, Plan, PlanLayer, ValueFeature
from chainrule.exports.result import Classes, Labels, Numbers
from chainrule.tables.calibration import LEARNED, UNCALIBRATED, Calibration, of_two
from chainrule.tables.encoding.steps import Calendar

Row = Mapping[str, Any]  # of each column its value: a number, microseconds of a time, a text, a boolean, or None

DOUBLE = 2.0**-53  # unit roundoff of the definition itself
OF_A_FUNCTION = 16.0  # units in the last place by which exp, tanh and their like may err, with the steps around them


class Bounded(NamedTuple):
    """Values (t, m), and bounds on their errors (t, m)."""

    value: Floats
    error: Floats


def evaluate(plan: Plan, rows: Sequence[Row], unit: float) -> Bounded:
    """Returns the probabilities (t, k) or the numbers (t, m) of rows, for a target with unit roundoff ``unit``."""
    x = features_of(plan, rows, unit)
    outputs = [_probabilities(_network(layers, x, unit), plan, unit) for layers in plan.networks]
    k = len(outputs)
    mean = Bounded(sum(out.value for out in outputs) / k, sum(out.error for out in outputs) / k)  # type: ignore[arg-type]
    mean = Bounded(mean.value, mean.error + k * unit * np.abs(mean.value))
    if isinstance(plan.result, Classes):
        return _calibrated(mean, plan.result.calibration, unit)
    return _labels(plan.result, mean, unit) if isinstance(plan.result, Labels) else _scaled(plan.result, mean, unit)


def features_of(plan: Plan, rows: Sequence[Row], unit: float) -> Bounded:
    """Returns x (t, n)."""
    t, numbers = len(rows), len(plan.numbers)
    x, error = np.zeros((t, plan.n)), np.zeros((t, plan.n))
    for k, feature in enumerate(plan.numbers):
        v = numbers_of(rows, feature)
        v = np.where(np.isnan(v), feature.fill, v)
        with np.errstate(over="ignore"):  # an infinite z is clipped
            z = (v - feature.center) * feature.factor
        e = (4.0 * unit * (np.abs(v) + abs(feature.center)) + _rounding_of_phase(rows, feature)) * abs(feature.factor)
        if plan.limit is not None:
            y = np.clip(z / plan.limit, -1e9, 1e9)
            root = np.sqrt(1.0 + y * y)
            z, e = plan.limit * (y / root), e / root**3 + OF_A_FUNCTION * unit * plan.limit
        x[:, k], error[:, k] = z, e
    for j, gap in enumerate(plan.gaps, numbers):
        x[:, j] = np.isnan(numbers_of(rows, gap))
    for j, single in enumerate(plan.values, numbers + len(plan.gaps)):
        x[:, j] = numbers_of(rows, single) == single.value
    at = plan.n_numeric
    for category in plan.categories:
        x[:, at : at + category.width] = _level_features(rows, category)
        at += category.width
    return Bounded(x, error)


def _rounding_of_phase(rows: Sequence[Row], feature: NumberFeature) -> Floats | float:
    """Returns the error here of sin 2πφ or cos 2πφ, since φ is a part of the days since 1970 (`Calendar`)."""
    if not feature.part:
        return 0.0
    days = np.nan_to_num(numbers_of(rows, replace(feature, part=0)))
    return 4.0 * np.pi * DOUBLE * (1.0 + np.abs(days))


def numbers_of(rows: Sequence[Row], feature: NumberFeature | ValueFeature) -> Floats:
    """Returns the numbers of a column (t,), or one part of its times; NaN for a gap."""
    values = [row.get(feature.column) for row in rows]
    if feature.part is None:
        return np.array([np.nan if value is None else float(value) for value in values])
    times = np.array(["NaT" if value is None else value for value in values], dtype="datetime64[us]")
    parts: Floats = Calendar()(times)[:, feature.part]
    return parts


def _level_features(rows: Sequence[Row], category: CategoryFeatures) -> Floats:
    """Returns the features of a category (t, width)."""
    place: dict[Any, int] = {level: k for k, level in enumerate(category.levels)}
    x = np.zeros((len(rows), category.width))
    for row, features in zip(rows, x, strict=True):
        value = row.get(category.column)
        is_missing = value is None or value == "" or value != value
        k = -1 if is_missing else place.get(value, len(place) if category.has_other else -1)
        if k >= 0:
            features[0 if category.kind == "sign" else k] = 2.0 * k - 1.0 if category.kind == "sign" else 1.0
    return x


def _network(layers: Sequence[PlanLayer], a: Bounded, unit: float) -> Bounded:
    for layer in layers:
        a = _activated(layer, _affine(layer, a, unit), unit)
    return a


def _affine(layer: PlanLayer, a: Bounded, unit: float) -> Bounded:
    """Returns z = W a + b (t, m); W and b are rounded to the target's number type too."""
    size = np.abs(layer.W)
    terms = np.count_nonzero(layer.W, axis=1) + 2
    gamma = terms * unit / (1.0 - terms * unit)
    error = a.error @ size.T + gamma * (np.abs(a.value) @ size.T + np.abs(layer.b))
    return Bounded(a.value @ layer.W.T + layer.b, error)


def _activated(layer: PlanLayer, z: Bounded, unit: float) -> Bounded:
    sigma = layer.sigma.with_kappa(layer.kappa) if isinstance(layer.sigma, Parametric) else layer.sigma
    value: Floats = sigma(z.value).astype(np.float64)
    if isinstance(sigma, Activation):
        kappa = 1.0 if layer.kappa is None else 1.0 + np.abs(layer.kappa)  # (m,)
        if sigma.name == "identity":
            return z
        slope = np.abs(sigma.derivative(z.value))
        rounding = OF_A_FUNCTION * unit * kappa * (1.0 + np.abs(value) + (layer.kappa is not None) * np.abs(z.value))
        return Bounded(value, slope * z.error + rounding)
    spread = np.abs(sigma.jacobian(z.value))  # (t, m, m)
    error = np.einsum("tij,tj->ti", spread, z.error)
    return Bounded(value, error + (OF_A_FUNCTION + z.value.shape[1]) * unit * (1.0 + np.abs(value)))


def _probabilities(a: Bounded, plan: Plan, unit: float) -> Bounded:
    """Returns the probabilities of classes by a network's outputs; other outputs unchanged (`network_outputs`)."""
    if not isinstance(plan.result, Classes) or plan.networks[0][-1].sigma.name == "softmax":
        return a
    if a.value.shape[1] == 1:
        value = np.concatenate([1.0 - a.value, a.value], axis=1)
        return Bounded(value, np.concatenate([a.error, a.error], axis=1) + unit)
    total = np.maximum(a.value.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    value = a.value / total
    error = (a.error + value * a.error.sum(axis=1, keepdims=True)) / total
    return Bounded(value, error + (plan.outputs + 2) * unit * value)


def _labels(result: Labels, p: Bounded, unit: float) -> Bounded:
    """Returns the calibrated probability of each label: that of the second of two classes."""
    each = []
    for k, calibration in enumerate(result.calibrations):
        value, error = p.value[:, k], p.error[:, k]
        two = Bounded(of_two(value), np.column_stack([error + unit, error]))
        each.append(_calibrated(two, calibration, unit))
    return Bounded(*(np.column_stack([part[:, 1] for part in parts]) for parts in zip(*each, strict=True)))


def _scaled(result: Numbers, a: Bounded, unit: float) -> Bounded:
    """Returns the numbers; a place in the sorted quantiles errs by no more than the worst of them."""
    value = result.mean + result.deviation * a.value
    size = np.abs(result.mean) + result.deviation * np.abs(a.value)
    error = result.deviation * a.error + 3.0 * unit * size
    if result.shifts is None:
        return Bounded(value, error)
    value = np.sort(np.sort(value) + result.shifts)
    error = error.max(axis=1, keepdims=True) + 2.0 * unit * (
        np.abs(result.shifts).max() + size.max(axis=1, keepdims=True)
    )
    return Bounded(value, np.broadcast_to(error, value.shape))


def _calibrated(p: Bounded, calibration: Calibration, unit: float) -> Bounded:
    """Returns calibrated probabilities; the larger of p − s and p/5 errs by no more than the worse of the two."""
    if calibration == UNCALIBRATED:
        return p
    if s := calibration.smoothing:
        p = Bounded(np.maximum(p.value - s, LEARNED * p.value), p.error + 2.0 * unit * (p.value + s))
    return _tempered(p, calibration.temperature, unit)


def _tempered(p: Bounded, temperature: float, unit: float) -> Bounded:
    """Returns q = p^β / Σ p^β, β = 1/T, and |Δq_c| ≤ q_c β (|Δp_c|/p_c + Σ q |Δp|/p), but at most 1."""
    beta = 1.0 / temperature
    q = (p.value / p.value.max(axis=1, keepdims=True)) ** beta
    q /= q.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = beta * np.where(p.value > 0.0, p.error / p.value, 0.0) + OF_A_FUNCTION * unit
        relative += beta * unit * np.abs(np.log(np.maximum(p.value, np.finfo(np.float32).tiny)))
    error = q * (relative + (q * relative).sum(axis=1, keepdims=True))
    return Bounded(q, np.minimum(error + (OF_A_FUNCTION + q.shape[1]) * unit * q, 1.0))
