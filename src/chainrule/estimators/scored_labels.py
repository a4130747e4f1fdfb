"""Labels that both pairs of estimators accept for their score, as for training."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.base import is_classifier

from chainrule.estimators.label_counts import require_label_per_row
from chainrule.estimators.weights import without_weightless
from chainrule.tables.labels import as_classes, as_targets


class ScoredLabels:
    """Lets ``score`` accept labels in every form in which ``fit`` does; it precedes scikit-learn's mixin."""

    _takes_sparse_labels: ClassVar[bool] = False  # several, as a matrix of 0 and 1

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns scikit-learn's score of the predictions for X (t, n) and the labels y: accuracy, or R².

        Rows of weight 0 do not count, and may hold anything. Raises InputError for labels and weights that ``fit``
        refuses, and as ``predict`` does.
        """
        X, y, weights = without_weightless(X, y, sample_weight)
        labels = self._given_labels(y)
        if hasattr(X, "shape"):
            require_label_per_row(X, labels)
        score: float = super().score(X, labels, weights)  # type: ignore[misc]  # of scikit-learn's mixin
        return score

    def _given_labels(self, y: Any) -> Any:
        """Returns the labels as an array (t,) or (t, m), or a sparse matrix where the estimator takes one."""
        is_sparse = self._takes_sparse_labels and hasattr(y, "toarray") and y.shape[-1] > 1
        if is_sparse:
            return y
        return as_classes(y) if is_classifier(self) else as_targets(y)
