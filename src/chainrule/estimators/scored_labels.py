"""Labels that both pairs of estimators accept for their score, as for training."""

from __future__ import annotations

from typing import Any

from chainrule.estimators.weights import without_weightless
from chainrule.tables.labels import as_targets


class ScoredLabels:
    """Lets ``score`` accept labels in every form in which ``fit`` does; it precedes scikit-learn's mixin."""

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns scikit-learn's score of the predictions for X (t, n) and the labels y: accuracy, or R².

        Rows of weight 0 do not count, and may hold anything. Raises InputError for labels and weights that ``fit``
        refuses, and as ``predict`` does.
        """
        X, y, weights = without_weightless(X, y, sample_weight)
        labels = y if hasattr(y, "toarray") else as_targets(y)
        score: float = super().score(X, labels, weights)  # type: ignore[misc]  # of scikit-learn's mixin
        return score
