"""The method ``shrink`` of the estimators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

from sklearn.utils.validation import check_is_fitted

from chainrule.errors import InputError
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.shrinking.comparison import Shrinkage, shrinkage
from chainrule.estimators.network.shrinking.student import require_shrinkable, small_estimator, train
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.model import TableModel


class ShrinkingMixin:
    """Gives a fitted estimator of networks the method `shrink`."""

    model_: TableModel

    def shrink(
        self,
        X: Any,
        y: Any = None,
        hidden: int | Hidden | Sequence[int | Hidden] = (32, 16),
        *,
        sample_weight: Any = None,
        groups: Any = None,
        epochs: int | None = None,
        X_test: Any = None,
        y_test: Any = None,
    ) -> Self:
        """Returns a fitted estimator of one small network that is trained to predict as this model does (distillation).

        The student minimises J with the teacher's predictions instead of y: calibrated probabilities P(c | x), so
        that ℓ = −Σ P(c | x) log a_c, or averaged numbers. It is trained on the rows X (t, n), and on seven mixtures for
        each: the row with a fifth of its columns from other rows. It has the teacher's encoder, the layers ``hidden``,
        and otherwise the preset "default"; it predicts, saves and exports like any other estimator. X should be the
        rows of ``fit``, which a model does not hold. They need no labels: y may be the labels (t,) or (t, m), the name
        of a column of X, which is then left out, or None.

        Probabilities are as calibrated as those that the student learns. Intervals come from the teacher's residuals
        and from the differences between student and teacher on rows that the student holds out: they are about as
        reliable, but without a guarantee. Held-out rows give no score, because the teacher was trained on most of them.

        With ``X_test`` and ``y_test``, rows that this model was not trained on, a network of the student's size is also
        trained directly on X and y, and ``shrinkage_`` of the result has teacher, student and that network side by side
        (`Shrinkage`). ``sample_weight`` and ``groups`` are those of ``fit``; ``epochs`` is for both small networks.

        Raises NotFittedError before ``fit``; InputError for several labels, quantiles and sparse rows, and for rows or
        labels that do not fit the model.

        >>> from sklearn.datasets import load_iris
        >>> from chainrule.estimators import NetworkClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = NetworkClassifier(epochs=20, n_networks=2, random_state=0).fit(X[::2], y[::2])
        >>> small = model.shrink(X[::2], hidden=8, epochs=20)
        >>> small.score(X[1::2], y[1::2]) > 0.8, [net.d for net in small.networks_]
        (True, [75])

        Source: G. Hinton, O. Vinyals & J. Dean, Distilling the knowledge in a neural network, 2015 (arXiv 1503.02531);
        C. Buciluă, R. Caruana & A. Niculescu-Mizil, Model compression, KDD 2006 (mixtures of rows).
        """
        check_is_fitted(self, "model_")
        require_shrinkable(self)
        tested = self._test_rows(X_test, y_test, y)
        student: Self = small_estimator(self, hidden, epochs)
        labels = y
        if y is None:  # what the student learns does not depend on them
            labels = self.predict(X)  # type: ignore[attr-defined]  # of the estimator
        train(student, self, X, labels, sample_weight, groups, as_student=True)
        if tested is not None:
            direct = small_estimator(self, hidden, epochs)
            train(direct, self, X, y, sample_weight, groups, as_student=False)
            three = [replace(tested, model=small.model_) for small in (self, student, direct)]
            about = {**student.model_.about, "shrinkage": shrinkage(three).as_json()}
            student.model_ = replace(student.model_, about=about)
        return student

    def _test_rows(self, X_test: Any, y_test: Any, y: Any) -> LabelledRows | None:
        """Returns the labelled test rows; y may name their target, as it names that of the training rows."""
        if X_test is None:
            if y_test is not None:
                raise InputError("y_test needs X_test; got no X_test.")
            return None
        if y is None:
            raise InputError("X_test compares with a network trained on labels; give those of X as y, too.")
        if y_test is None and not isinstance(y, str):
            raise InputError("X_test needs y_test, one label for each of its rows; got no y_test.")
        return labelled(self.model_, X_test, y if y_test is None else y_test, "y_test")[0]

    @property
    def shrinkage_(self) -> Shrinkage | None:
        """The comparison that ``shrink`` made on test rows, or None."""
        check_is_fitted(self, "model_")
        return Shrinkage.from_json(self.model_.about.get("shrinkage"))
