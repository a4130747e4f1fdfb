"""Measures of predicted quantiles on rows with known labels, beside a baseline that ignores the inputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats
from chainrule.costs import Quantile
from chainrule.tables.inspection.measures import Measure
from chainrule.tables.intervals.quantile_labels import QuantileLabels, d2_pinball


@dataclass(frozen=True, eq=False)
class QuantileResults:
    """Predicted quantiles (t, m) beside the true numbers (t,). The baseline predicts those of the training rows.

    >>> quantiles = QuantileLabels.of([0.0, 1.0, 2.0, 3.0], (0.25, 0.75))
    >>> results = QuantileResults(quantiles, np.array([1.0, 2.0]), np.array([[0.0, 1.5], [1.5, 2.0]]))
    >>> [(measure.name, round(measure.network, 3)) for measure in results.measures][:3]
    [('mean pinball loss', 0.125), ('D²', 0.0), ('share ≤ quantile 0.25', 0.0)]
    """

    target: QuantileLabels
    true: Floats
    predicted: Floats

    @cached_property
    def measures(self) -> list[Measure]:
        """The mean of the pinball losses, D², and of each quantile the share of rows at or below it.

        Of two quantiles q and 1 − q, also the share of rows between them, and their mean distance.
        """
        y, levels = self.true, self.target.levels
        J, Y = Quantile(q=levels), np.repeat(y[:, None], len(levels), axis=1)
        constant = np.broadcast_to(self.target.mean, Y.shape)
        both = self.predicted, constant
        found = [
            Measure("mean pinball loss", *(float(J.losses(P, Y).mean()) / len(levels) for P in both)),
            Measure("D²", *(d2_pinball(y, P, levels, None) for P in both)),
        ]
        for k, q in enumerate(levels):
            found.append(Measure(f"share ≤ quantile {q:g}", *(float((y <= P[:, k]).mean()) for P in both)))
        for coverage in reversed(self.target.coverages):
            (low, high), name = self.target.pair(coverage), f"{100.0 * coverage:g} %"
            inside = (float(((P[:, low] <= y) & (y <= P[:, high])).mean()) for P in both)
            width = (float((P[:, high] - P[:, low]).mean()) for P in both)
            found += [Measure(f"in {name} interval", *inside), Measure(f"mean width of {name} interval", *width)]
        return found
