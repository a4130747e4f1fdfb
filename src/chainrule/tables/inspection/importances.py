"""Importances of the columns of a table for a model: by permutation, or by the derivatives of its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Floats, as_integer
from chainrule._internal.html_table import html_table
from chainrule._internal.naming import resolve
from chainrule._internal.text_table import text_table
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.inspection.column_features import column_features
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.scores import class_log_losses, log_losses
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels

METHODS = {"permutation": None, "gradient": None}
UNITS = {  # by the method and the task
    ("permutation", "classification"): "increase of the log-loss",
    ("permutation", "multilabel"): "increase of the log-loss, mean of the labels",
    ("permutation", "regression"): "decrease of R²",
    ("gradient", "classification"): "change of the probabilities for a standard deviation",
    ("gradient", "multilabel"): "change of the probabilities for a standard deviation",
    ("gradient", "regression"): "change, in deviations of the target, for a standard deviation",
}
MOST_SHOWN = 30  # columns in a table
MOST_GRADIENTS = 500  # rows whose derivatives are averaged
MOST_DERIVATIVES = 5_000_000  # in all of them
LEAST_PROBABILITY = 1e-15

Found: TypeAlias = tuple[dict[str, float], dict[str, float]]  # means and deviations by column


@dataclass(frozen=True, eq=False)
class Importances:
    """The importance of each column of a table for the predictions of a model.

    ``values`` (n,) belong to ``names``, the columns in the order of the table; one that the model leaves out has 0.
    ``deviations`` (n,) are the standard deviations of the single permutations (0 for derivatives). ``method`` is
    "permutation" or "gradient", ``unit`` the meaning of a value, ``rows`` the number of rows. With the method
    "permutation" a value is the mean loss of the score when the column is shuffled among the rows: the increase of the
    log-loss for classes, the decrease of R² for numbers, of D² for quantiles. It is about 0, or a little below, for a
    column that does not matter. Columns that carry the same information can each have a small value. With "gradient" a
    value is the root of the mean of Σₖ Σ_f (∂aₖ/∂x_f · s_f)², over the outputs k and the features f of the column, with
    the standard deviation s_f of the feature.

    >>> import numpy as np
    >>> found = Importances(("age", "city"), np.array([0.25, 0.5]), np.zeros(2), "permutation", "decrease of R²", 9)
    >>> found.ranked()
    [('city', 0.5, 0.0), ('age', 0.25, 0.0)]

    Source: L. Breiman, Random forests, Machine Learning 45, 2001.
    """

    names: tuple[str, ...]
    values: Floats
    deviations: Floats
    method: str
    unit: str
    rows: int

    def ranked(self) -> list[tuple[str, float, float]]:
        """Returns name, value and deviation of each column, the most important first."""
        order = np.argsort(-self.values, kind="stable")
        return [(self.names[k], float(self.values[k]), float(self.deviations[k])) for k in order.tolist()]

    @property
    def caption(self) -> str:
        """The method, the unit and the number of rows in words."""
        how = "shuffled" if self.method == "permutation" else "by derivatives"
        return f"Importances ({how}): {self.unit}, {self.rows} rows"

    def as_json(self) -> dict[str, Any]:
        """Returns the importances as a model's file stores them."""
        columns = zip(self.names, self.values.tolist(), self.deviations.tolist(), strict=True)
        return {
            "method": self.method, "unit": self.unit, "rows": self.rows,
            "values": [list(column) for column in columns],
        }  # fmt: skip

    @classmethod
    def from_json(cls, stored: Any) -> Importances | None:
        """Returns the importances that a model's file stores, or None if it has none."""
        try:
            names, values, deviations = zip(*stored["values"], strict=True)
            table = np.array([values, deviations], dtype=np.float64)
            method, unit = str(stored["method"]), str(stored["unit"])
            return cls(tuple(map(str, names)), table[0], table[1], method, unit, int(stored["rows"]))
        except (KeyError, TypeError, ValueError):
            return None

    def _table(self) -> tuple[list[str], list[list[str]]]:
        ranked = self.ranked()
        rows = [[name, f"{value:.4f}", f"{deviation:.4f}"] for name, value, deviation in ranked[:MOST_SHOWN]]
        if len(ranked) > MOST_SHOWN:
            rows.append([f"… and {len(ranked) - MOST_SHOWN} more", "", ""])
        width = 3 if self.method == "permutation" else 2
        return ["column", "importance", "±"][:width], [row[:width] for row in rows]

    def __repr__(self) -> str:
        return f"{self.caption}\n{text_table(*self._table())}"

    def _repr_html_(self) -> str:
        return html_table(self.caption, *self._table())


def importances(rows: LabelledRows, method: str = "permutation", repeats: int = 5, seed: int = 0) -> Importances:
    """Computes the importance of each column for the predictions of labelled rows.

    A shuffled column is encoded once: its features are shuffled together, which is the same as encoding it again.

    Raises UnknownName for another method, InputError for ``repeats`` < 1.
    """
    resolve("method of importances", method, METHODS)
    repeats = as_integer(repeats, "repeats", 1)
    features = column_features(rows.model.encoder)
    if method == "gradient":
        found, used = _by_gradient(rows, features)
    else:
        found, used = _by_permutation(rows, features, repeats, np.random.default_rng(seed)), rows.t
    names = tuple(rows.model.encoder.names_)
    values, deviations = (np.array([part.get(name, 0.0) for name in names]) for part in found)
    return Importances(names, values, deviations, method, _unit(method, rows.model.target), used)


def _unit(method: str, target: Target) -> str:
    is_quantiles = method == "permutation" and isinstance(target, QuantileLabels)
    return "decrease of D²" if is_quantiles else UNITS[method, target.task]


def _by_permutation(
    rows: LabelledRows, features: dict[str, NDArray[np.intp]], repeats: int, rng: np.random.Generator
) -> Found:
    X, scorer = rows.X.copy(), ModelLoss(rows)
    before = scorer(rows.outputs)
    orders = [rng.permutation(rows.t) for _ in range(repeats)]
    means, deviations = {}, {}
    for name, at in features.items():
        kept = X[:, at].copy()
        losses = []
        for order in orders:
            X[:, at] = kept[order]
            losses.append(scorer(rows.outputs_for(X)) - before)
        X[:, at] = kept
        means[name], deviations[name] = float(np.mean(losses)), float(np.std(losses))
    return means, deviations


@dataclass(frozen=True, eq=False)
class ModelLoss:
    """The mean log-loss −log P(y) of outputs, over several labels too; or 1 − R², over all targets; or 1 − D²."""

    rows: LabelledRows

    def __call__(self, outputs: Floats) -> float:
        """Computes the loss of outputs (t, m) for the labels of the rows."""
        labels, target = self.rows.labels, self.rows.model.target
        if isinstance(target, ClassLabels):
            return float(class_log_losses(labels, outputs, LEAST_PROBABILITY).mean())
        if isinstance(target, IndicatorLabels):
            return float(log_losses(labels, outputs, LEAST_PROBABILITY).mean())
        if isinstance(target, QuantileLabels):
            return 1.0 - target.d2(outputs, target.mean[0] + target.deviation[0] * labels[:, 0])
        return float((((outputs - labels) ** 2).mean(axis=0) / self.variance).mean())

    @cached_property
    def variance(self) -> Floats:
        """The variance of each target (m,), 1 where it is constant."""
        variance: Floats = self.rows.labels.var(axis=0)
        return np.where(variance > 0.0, variance, 1.0)


def _by_gradient(rows: LabelledRows, features: dict[str, NDArray[np.intp]]) -> tuple[Found, int]:
    """Returns the importances, and the number of rows whose derivatives were averaged."""
    model, n = rows.model, rows.X.shape[1]
    some = rows.some(max(1, min(MOST_GRADIENTS, MOST_DERIVATIVES // (n * model.networks[0].m[-1]))))
    spread = rows.X.std(axis=0, dtype=np.float64)
    changes = np.zeros((some.t, model.networks[0].m[-1], n))
    for net in model.networks:
        changes += np.asarray(net.jacobian(some.X), dtype=np.float64)
    changes *= spread / len(model.networks)
    total = (changes**2).sum(axis=1).mean(axis=0)  # (n,)
    return ({name: float(np.sqrt(total[at].sum())) for name, at in features.items()}, {}), some.t
