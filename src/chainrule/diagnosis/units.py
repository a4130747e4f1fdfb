"""Faults of the layers: dead and saturated units, and δ that vanishes or explodes from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from chainrule._internal.checks import Array
from chainrule.activations import Activation
from chainrule.diagnosis.case import Case
from chainrule.diagnosis.dead_units import dead_layer
from chainrule.diagnosis.finding import Finding

MOST = 0.5  # share of a layer's units
FLAT = 0.02  # of the largest slope of σ: the unit is saturated there
VANISHED, EXPLODED = 1e-4, 1e4  # the size of δ[1] as a multiple of that of δ[r]


def dead_units(case: Case) -> Iterator[Finding]:
    """Finds a hidden layer most of whose units give the same output in every row."""
    if found := dead_layer(case.net, case.data.X):
        yield Finding(
            "dead units",
            found,
            "Take a smaller learning rate, new initial values, or a σ without a flat part (leaky_relu, silu).",
        )


def saturated_units(case: Case) -> Iterator[Finding]:
    """Finds hidden layers of bounded σ most of whose units are almost flat in most rows."""
    for i, slope in _slopes(case):
        low, high = case.net.sigma[i].range
        if not (math.isfinite(low) and math.isfinite(high)) or case.net.sigma[i].kinks:
            continue
        flat = float((slope < FLAT).mean())
        if flat > MOST:
            yield Finding(
                "saturated units",
                f"in {100 * flat:.3g} % of the rows and units of layer {i}, σ′(z[{i}]) is below {FLAT} (the largest "
                f"|z[{i}]| is {abs(case.run.z[i]).max():.3g}).",
                "Scale the inputs, or take smaller initial weights (glorot, lecun).",
            )


def vanishing_gradients(case: Case) -> Iterator[Finding]:
    """Finds δ that shrinks or grows by four orders of magnitude on its way from the last layer to the first."""
    delta = case.gradient.delta
    sizes = [float(np.sqrt((delta[i].astype(np.float64) ** 2).mean())) for i in range(1, case.net.r + 1)]
    if case.net.r < 3 or sizes[-1] == 0.0:
        return
    ratio = sizes[0] / sizes[-1]
    if not VANISHED <= ratio <= EXPLODED:
        course = ", ".join(f"{size:.1e}" for size in sizes)
        yield Finding(
            "vanishing gradients" if ratio < VANISHED else "exploding gradients",
            f"the root mean square of δ[1], …, δ[{case.net.r}] is {course}.",
            "Take initial values that suit σ (He for relu, Glorot for tanh), another σ, or fewer layers.",
        )


def _slopes(case: Case) -> Iterator[tuple[int, Array]]:
    """Yields i and σ′(z[i]) of each hidden layer with an entrywise σ."""
    for i in range(1, case.net.r):
        if isinstance(sigma := case.net.sigma[i], Activation):
            yield i, sigma.derivative(case.run.z[i])
