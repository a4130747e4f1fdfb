"""The check of an entrywise σ: its derivative against σ itself, including kinks.

On every cell [a, b] of a grid, σ(b) − σ(a) must equal ∫ σ′ over the cell, computed by an 8-point Gauss rule; this
detects a wrong σ′ anywhere, also in the tails. A cell that disagrees is halved repeatedly. A wrong σ′ keeps disagreeing
everywhere, and is measured there; a kink remains in one tiny cell, and the cells around it agree. At this cell the
one-sided derivatives are measured, and σ′ must lie between them. A σ that changes by more than its slopes allow in that
cell has a jump.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Array
from chainrule.activations.differences import one_sided
from chainrule.errors import ActivationRefused

Map = Callable[[Array], Array]

_CELLS = 1024
_HALVINGS = 24  # halvings that isolate a kink, in a cell of width 2e-9 for the default range
_EARLY = 12  # before this many halvings, a cell whose halves both agree was only too wide for the Gauss rule
_ROUGH = 1 << 14  # the search stops if more cells than this disagree
_CROWD = 256  # more tiny cells than this at the end cannot be kinks
_WORST = 16  # the number of cells that are measured after each halving
_RELATIVE = 1e-8  # the tolerance of a cell, relative to σ′
_MEASURED = 1e-6  # the tolerance of a measured derivative, relative to σ′ and in addition to its own error
_ROUNDING = 64 * 2.0**-53  # the rounding error of an evaluation of σ(z), relative to σ and z


def check_entrywise(
    name: str,
    f: Map,
    slope: Map,
    low: float,
    high: float,
    symbols: tuple[str, str] = ("σ", "σ′"),
    jumps: tuple[float, ...] = (),
) -> tuple[int, tuple[float, ...], float]:
    """Returns the number of points checked, the kinks, and the largest error.

    ``symbols`` name f and slope, which may be σ′ and σ″; f may jump at the points ``jumps``, as σ′ does at kinks of σ.

    Raises ActivationRefused with a counterexample.
    """
    return _EntrywiseCheck(name, f, slope, low, high, symbols, jumps).run()


class _EntrywiseCheck:
    """The state of one check: σ as f, σ′ as slope, the grid, and the results so far."""

    def __init__(
        self, name: str, f: Map, slope: Map, low: float, high: float, symbols: tuple[str, str], jumps: tuple[float, ...]
    ) -> None:
        self.name, self.f, self.slope, self.low, self.high = name, f, slope, low, high
        self.symbols, self.jumps = symbols, np.array(jumps)
        self.width = (high - low) / _CELLS
        # An irregular offset keeps the inner edges away from kinks at round numbers.
        inner = low + self.width * (np.arange(1, _CELLS) + 0.1180339887)
        self.edges = np.concatenate([[low], inner, [high]])
        self.unit = min(1.0, float(np.abs(f(self.edges)).max()))  # a lower bound for intermediate results of σ
        self.nodes, self.weights = np.polynomial.legendre.leggauss(8)  # on [−1, 1]
        self.points = 0
        self.error = 0.0

    def run(self) -> tuple[int, tuple[float, ...], float]:
        self.require_entrywise(self.f, self.symbols[0])
        self.require_entrywise(self.slope, self.symbols[1])
        special = np.arange(-100, 101) / 2
        self.require_at(special[(self.low < special) & (special < self.high)])
        kinks = self.kinks(*self.suspicious_cells())
        return self.points, kinks, self.error

    def require_entrywise(self, mapping: Map, what: str) -> None:
        """Refuses σ if its value at a point depends on the other points, their order or the shape of the array."""
        some = np.random.default_rng(0).permutation(_CELLS + 1)[:60]
        values = mapping(self.edges)[some]
        tolerance = 1e-9 * (np.abs(values) + self.unit)
        for shape in ((12, 5), (5, 12), (1, 60), (60, 1)):
            again = mapping(self.edges[some].reshape(shape)).reshape(-1)
            if (np.abs(again - values) > tolerance).any():
                j = int(np.argmax(np.abs(again - values) - tolerance))
                self.refuse(
                    self.edges[some][j],
                    f"{what} is not entrywise: at z = {self.edges[some][j]:.17g} it is {values[j]:.9g} among some "
                    f"points and {again[j]:.9g} among others. A σ that mixes entries is a cr.VectorActivation.",
                )

    def suspicious_cells(self) -> tuple[Array, Array]:
        """Returns tiny cells (a, b), each (k,), that may contain a kink, since σ(b) − σ(a) ≠ ∫ σ′ in them."""
        a, b = self.edges[:-1], self.edges[1:]
        bad, deviation = self.disagree(a, b)
        self.error = max(self.error, float(deviation[~bad].max(initial=0.0)))
        a, b, deviation = a[bad], b[bad], deviation[bad]
        found: list[tuple[Array, Array]] = []
        for halving in range(_HALVINGS):
            if not 0 < len(a) <= _ROUGH:
                break
            worst = np.argsort(-deviation)[:_WORST]
            self.require_at((a[worst] + b[worst]) / 2)
            middle = (a + b) / 2
            halves = np.stack([a, middle], axis=1).reshape(-1), np.stack([middle, b], axis=1).reshape(-1)
            bad, deviation = self.disagree(*halves)
            if halving >= _EARLY:  # a kink may lie on the edge between the halves
                vanished = ~bad.reshape(-1, 2).any(axis=1)
                found.append((a[vanished], b[vanished]))
            a, b, deviation = halves[0][bad], halves[1][bad], deviation[bad]
        if len(a) > _CROWD:
            z = a[np.argmax(deviation)]
            f, slope = self.symbols
            self.refuse(z, f"{f}(b) − {f}(a) is not ∫ {slope} from a to b in too many places for kinks, near {z:.9g}.")
        found.append((a, b))
        return _merged(np.concatenate([left for left, _ in found]), np.concatenate([right for _, right in found]))

    def disagree(self, a: Array, b: Array) -> tuple[NDArray[np.bool], Array]:
        """Returns True for cells where σ(b) − σ(a) is not ∫ σ′, and the mean deviation of σ′, both (k,)."""
        half = (b - a)[:, None] / 2
        slopes = self.slope((a + b)[:, None] / 2 + half * self.nodes)  # (k, 8)
        self.points += slopes.size
        at_a, at_b = self.f(a), self.f(b)
        difference = np.abs(at_b - at_a - (half * slopes) @ self.weights)
        allowed = _RELATIVE * (half * np.abs(slopes)) @ self.weights
        steepest = np.abs(slopes).max(axis=1)
        allowed += self.rounding(a, b, steepest, at_a, at_b)
        return difference > allowed, difference / ((b - a) * (1 + steepest))

    def rounding(self, a: Array, b: Array, slope: Array, at_a: Array, at_b: Array) -> Array:
        """Returns a bound on the rounding error of σ(b) − σ(a): a few ulp of σ, and of z times the slope."""
        return _ROUNDING * (self.unit + np.abs(at_a) + np.abs(at_b) + np.maximum(np.abs(a), np.abs(b)) * slope)

    def sides(self, z: Array, side: int) -> tuple[Array, Array]:
        """Measures the derivative of σ at z from one side (−1 left, +1 right), within the range, and its error."""
        room = z - self.low if side < 0 else self.high - z
        return one_sided(self.f, z, side * np.minimum(self.width, room), self.unit)

    def require_at(self, z: Array) -> None:
        """Refuses σ unless σ′(z) lies between the one-sided derivatives of σ measured at z."""
        if len(z):
            self.require_between(z, *self.sides(z, -1), *self.sides(z, +1))

    def require_between(self, z: Array, left: Array, left_error: Array, right: Array, right_error: Array) -> None:
        """Refuses σ unless σ′(z) lies between the two derivatives, within their errors; all (k,)."""
        claimed = self.slope(z)
        self.points += len(z)
        excess = np.maximum(np.minimum(left, right) - claimed, claimed - np.maximum(left, right))
        tolerance = _MEASURED * np.maximum(np.abs(left), np.abs(right)) + 20 * (left_error + right_error)
        tolerance += 1e-9 * self.unit
        wrong = ~(excess <= tolerance)
        if wrong.any():
            j = int(np.argmax(np.where(wrong, excess - tolerance, -np.inf)))
            same = abs(left[j] - right[j]) <= tolerance[j]
            sides = f"{left[j]:.9g} from the left and {right[j]:.9g} from the right"
            measured = f"{(left[j] + right[j]) / 2:.9g}" if same else sides
            self.refuse(z[j], f"{self.symbols[1]}({z[j]:.17g}) is claimed to be {claimed[j]:.9g}, measured {measured}.")
        self.error = max(self.error, float((np.maximum(excess, 0) / (1 + np.abs(claimed))).max()))

    def kinks(self, a: Array, b: Array) -> tuple[float, ...]:
        """Returns the kinks in the cells (a, b), and refuses σ if σ′ is wrong on either side or in between."""
        gap = 2 * (b - a)[:, None]
        known = ((a[:, None] - gap <= self.jumps) & (self.jumps <= b[:, None] + gap)).any(axis=1)
        a, b = a[~known], b[~known]
        if len(a) == 0:
            return ()
        left, left_error = self.sides(a, -1)
        right, right_error = self.sides(b, +1)
        at_a, at_b = self.slope(a), self.slope(b)
        self.require_between(a, left, left_error, left, left_error)
        self.require_between(b, right, right_error, right, right_error)

        steepest = np.max(np.abs([left, right, at_a, at_b]), axis=0)
        sigma_a, sigma_b = self.f(a), self.f(b)
        move = sigma_b - sigma_a
        jumps = np.abs(move) > 1.01 * steepest * (b - a) + self.rounding(a, b, steepest, sigma_a, sigma_b)
        if jumps.any():
            j = int(np.argmax(jumps * np.abs(move)))
            f = self.symbols[0]
            self.refuse(a[j], f"{f} jumps by {move[j]:.9g} near z = {a[j]:.9g}, or its slope is infinite there.")

        before, after = self.change_of_slope(a, b, at_a, at_b)
        middle = (before + after) / 2
        rounded = np.round(middle, 9) + 0.0
        is_round = np.abs(rounded - middle) <= np.maximum(after - before, 4 * np.spacing(middle))
        kink = np.where(is_round, rounded, after)
        left, left_error = self.sides(before, -1)
        right, right_error = self.sides(after, +1)
        for z in (before, after, kink):
            self.require_between(z, left, left_error, right, right_error)
        turn = np.abs(right - left)
        bent = turn > _MEASURED * steepest + 20 * (left_error + right_error) + 1e-9 * self.unit
        bent &= np.abs(self.slope(after) - self.slope(before)) > 0.4 * turn  # otherwise σ′ is steep but continuous
        return tuple(float(k) for k in kink[bent])

    def change_of_slope(self, a: Array, b: Array, at_a: Array, at_b: Array) -> tuple[Array, Array]:
        """Returns neighbouring points between which σ′ changes from its value at a to its value at b."""
        for _ in range(64):
            middle = (a + b) / 2
            claimed = self.slope(middle)
            first = np.abs(claimed - at_a) < np.abs(claimed - at_b)
            a, b = np.where(first, middle, a), np.where(first, b, middle)
        return a, b

    def refuse(self, z: float, reason: str) -> None:
        raise ActivationRefused(f"{self.name}: {reason}", float(z))


def _merged(a: Array, b: Array) -> tuple[Array, Array]:
    """Merges cells that touch or nearly touch."""
    order = np.argsort(a)
    a, b = a[order], np.maximum.accumulate(b[order])
    apart = a[1:] - b[:-1] > 2 * (b - a)[:-1]
    first, last = np.concatenate([[True], apart]), np.concatenate([apart, [True]])
    return (a[first], b[last]) if len(a) else (a, b)
