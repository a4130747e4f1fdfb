"""The method ``diagnose`` of the estimators."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import check_is_fitted

from chainrule.diagnosis.finding import Diagnosis
from chainrule.estimators.diagnosis.trials import tried
from chainrule.tables.diagnosis.diagnose import diagnose


class DiagnosisMixin:
    """Gives an estimator with a fitted ``model_`` the method `diagnose`."""

    def diagnose(
        self, X: Any, y: Any, X_val: Any = None, y_val: Any = None, *, try_remedies: bool = False
    ) -> Diagnosis:
        """Looks for common faults of the fitted model and the table X (t, n) with labels y, as `tables.diagnose` does.

        ``X_val`` and ``y_val`` are rows that the model was not trained on. With ``try_remedies`` each remedy that is a
        change of training is tried on five splits of X, with one network each, and `Finding.trial` holds what it
        gained on held-out rows.

        Raises NotFittedError before ``fit``, InputError for a table or labels that do not fit the model.
        """
        check_is_fitted(self, "model_")
        model = self.model_  # type: ignore[attr-defined]  # check_is_fitted has looked for it
        diagnosis = diagnose(model, X, y, X_val, y_val)
        return tried(diagnosis, model, type(self), X, y, X_val, y_val) if try_remedies else diagnosis
