"""The public function that runs every check over a network, its examples and the history of its training."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule import costs
from chainrule._internal.checks import shown
from chainrule.costs import Cost
from chainrule.costs.training_set import ExamplesLike, unpacked
from chainrule.diagnosis.case import Case, some
from chainrule.diagnosis.finding import Diagnosis, Finding
from chainrule.diagnosis.fit import miscalibration, overfitting
from chainrule.diagnosis.inputs import constant_inputs, leaks, unscaled_inputs
from chainrule.diagnosis.rows import copies_across_the_split, too_few_rows, unpredicted_classes
from chainrule.diagnosis.steps import too_large_steps, too_small_steps
from chainrule.diagnosis.units import dead_units, saturated_units, vanishing_gradients
from chainrule.errors import InputError
from chainrule.network import Network
from chainrule.training import History

CHECKS: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    leaks,
    copies_across_the_split,
    unscaled_inputs,
    constant_inputs,
    too_few_rows,
    too_large_steps,
    too_small_steps,
    dead_units,
    saturated_units,
    vanishing_gradients,
    unpredicted_classes,
    overfitting,
    miscalibration,
)


def diagnose(
    net: Network,
    X: ExamplesLike,
    Y: ArrayLike | None = None,
    history: History | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    weights: ArrayLike | None = None,
    validation: Sequence[Any] | None = None,
) -> Diagnosis:
    """Looks for common faults of a trained network and its data, and says what shows them and what helps.

    It looks at X (t, n), Y (t, m) and ``weights`` (t,) for numbers that are not finite, constant or unscaled inputs, an
    input that gives the target away, and too few rows; at the network for dead and saturated units, for δ[i] that
    vanish or explode, and for classes that it never predicts; at ``history`` for steps too large or too small; with
    ``validation`` = (X, Y) of held-out rows for rows that are on both sides, overfitting, and probabilities that are
    too certain. A finding has evidence in numbers; without any there are no findings. Of more than 5,000 rows it looks
    at 5,000.

    Raises InputError as `train` does, except for numbers that are not finite, which are a finding.

    >>> import numpy as np, chainrule as cr
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3)) * [1.0, 1000.0, 1.0]
    >>> net = cr.Network.dense([3, 8, 1], hidden="tanh", seed=0)
    >>> cr.diagnose(net, X, X[:, :1] ** 2).kinds
    ('unscaled inputs', 'saturated units')

    Source: X. Glorot & Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010;
    C. Guo et al., On calibration of modern neural networks, 2017; S. Kaufman et al., Leakage in data mining, 2012.
    """
    cost = costs.get(cost)
    if history is not None and not isinstance(history, History):
        raise InputError(f"history must be a History, such as cr.train returns; got {shown(history)}.")
    X, Y, weights = unpacked(X, Y, weights)
    if found := tuple(_not_finite(X=X, Y=Y)):
        return Diagnosis(found)
    data = some(cost.examples(net, X, Y, weights))
    held_out = None
    if validation is not None:
        if not isinstance(validation, (tuple, list)) or len(validation) != 2:
            raise InputError(f"validation must be (X, Y); got {shown(validation)}.")
        held_out = some(cost.examples(net, validation[0], validation[1], None))
    case = Case(net, cost, data, history, held_out)
    return Diagnosis(tuple(finding for check in CHECKS for finding in check(case)))


def _not_finite(**arrays: Any) -> Iterator[Finding]:
    """Finds NaN and ∞ in dense arrays of numbers."""
    for name, values in arrays.items():
        array = np.asarray(getattr(values, "data", values) if hasattr(values, "indptr") else values)
        if array.dtype.kind == "f" and not (finite := np.isfinite(array)).all():
            where = np.argwhere(~finite)
            yield Finding(
                "numbers that are not finite",
                f"{len(where)} of the {array.size} numbers of {name} are NaN or infinite, the first at "
                f"{tuple(map(int, where[0]))}.",
                "Replace or drop missing values (NetworkClassifier and NetworkRegressor take them as they are).",
            )
