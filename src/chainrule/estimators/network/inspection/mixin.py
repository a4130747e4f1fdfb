"""The methods by which one looks at a fitted estimator of tables."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from chainrule import files
from chainrule._internal.checks import Floats
from chainrule._internal.user_warnings import noted
from chainrule.engines.state import RECORDS
from chainrule.errors import InputError
from chainrule.estimators.network.incremental.later_rows import LaterRows
from chainrule.estimators.network.inspection import card, summary
from chainrule.estimators.network.inspection.metric import by_epoch
from chainrule.estimators.network.scoring import courses_of
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.diagnosis.diagnose import labelled
from chainrule.tables.inspection.importances import Importances, importances
from chainrule.tables.model import TableModel
from chainrule.training import History
from chainrule.training.callbacks.early_stopping import MetricCourse

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Fit = TypeVar("Fit", bound=Callable[..., Any])


def noting_warnings(fit: Fit) -> Fit:
    """Wraps a method that trains, so that its warnings are kept in ``warnings_``."""

    @wraps(fit)
    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        with noted() as notes:
            fitted = fit(self, *args, **kwargs)
        self.warnings_ = tuple(dict.fromkeys(notes))
        return fitted

    return cast("Fit", noting)


class InspectionMixin:
    """Gives an estimator with networks and their histories the ways to look at it."""

    histories_: tuple[History, ...]
    _later: LaterRows | None
    _held_out_rows: LabelledRows | None = None
    model_: TableModel

    @property
    def history_(self) -> dict[str, NDArray[np.generic]]:
        """All curves as one table, a row per epoch and network, for ``pandas.DataFrame(model.history_)``.

        With ``scoring`` it has the metric on held-out rows too, under its name. A pass of ``partial_fit`` is an epoch
        after those of ``fit``; once there is one, "pass" counts them, and is 0 in ``fit``.
        """
        check_is_fitted(self, "model_")
        histories: tuple[History, ...] = self.histories_  # none, if it comes from a file of an early version
        epochs = [history.epochs for history in histories]
        table: dict[str, NDArray[np.generic]] = {
            "network": np.repeat(np.arange(1, len(epochs) + 1), epochs),
            "epoch": np.concatenate([np.arange(1, count + 1) for count in (*epochs, 0)]),
        }
        if self._later is not None:
            fit = np.repeat(self._later.fit_epochs, epochs)
            table["pass"] = np.maximum(table["epoch"] - fit, 0)
        empty = np.empty(0)
        if courses := self.metric_courses_:
            values = [by_epoch(course, count) for course, count in zip(courses, epochs, strict=True)]
            table[self.metric_name_] = np.concatenate([*values, empty])
        return table | {name: np.concatenate([*(getattr(h, name) for h in histories), empty]) for name in RECORDS}

    @property
    def kept_epochs_(self) -> tuple[int | None, ...]:
        """The epoch of each network that is kept, counted from 1.

        None means that the last one is: without held-out rows, and after ``partial_fit``, which makes one pass a call.
        """
        check_is_fitted(self, "model_")
        if self._later is not None:
            return self._later.kept
        if courses := self.metric_courses_:
            return tuple(c.best_epoch or h.best_epoch for c, h in zip(courses, self.histories_, strict=True))
        return tuple(history.best_epoch for history in self.histories_)

    @property
    def metric_courses_(self) -> tuple[MetricCourse, ...]:
        """The metric of ``scoring`` after each epoch of each network, and its best epoch; none without ``scoring``."""
        check_is_fitted(self, "model_")
        return courses_of(self.model_.about.get("scoring"))[1]

    @property
    def metric_name_(self) -> str:
        """The name of the metric of ``scoring``, "" without it."""
        check_is_fitted(self, "model_")
        return courses_of(self.model_.about.get("scoring"))[0]

    def summary(self) -> str:
        """Returns the fitted model as text: the encoding of each column, networks, recipes, scores, epochs and times.

        Raises NotFittedError before ``fit``.
        """
        check_is_fitted(self, "model_")
        return summary.summary(self)

    def plot_history(self, *, title: str | None = None, projector: bool = False) -> Figure:
        """Draws the learning curves: the metric after each epoch, on held-out and training rows, and what is kept.

        The metric is that of ``scoring``. Without ``scoring`` it is J in a usual unit, such as the log-loss of classes
        or the RMSE in the unit of the target; a cost without a usual unit is shown as J itself. Several networks have
        thin curves, and their mean with a band of one standard deviation; a network that has stopped counts with its
        last value. The passes of ``partial_fit`` follow after a thin line; the marks before it are the epochs that
        ``fit`` kept. ``projector`` makes type and lines larger. The result is a Figure of Matplotlib.

        Raises NotFittedError before ``fit``, MissingExtra if Matplotlib is not installed, InputError for an estimator
        from a file of an early version, without curves.
        """
        check_is_fitted(self, "model_")
        if not self.histories_:
            raise InputError("this model has no learning curves: it comes from a file of an early version.")
        from chainrule.estimators.network.inspection.curves import learning_curves

        return learning_curves(self, title, projector)

    def importances(
        self,
        X: Any = None,
        y: Any = None,
        *,
        method: Literal["permutation", "gradient"] = "permutation",
        repeats: int = 5,
        random_state: int = 0,
    ) -> Importances:
        """Computes the importance of each column, on rows X (t, n) with labels y, or else on held-out rows of ``fit``.

        "permutation" shuffles each column ``repeats`` times, and measures what that costs; "gradient" takes the
        derivatives of the outputs, which is quick and does not need labels to be right; see `Importances`. Of the rows
        held out in ``fit``, at most 2,000 are used, each predicted by the networks that did not train on it.

        Raises NotFittedError before ``fit``; InputError for rows or labels that do not fit the model, and without X if
        no rows were held out or the estimator comes from a file or a pickle, which do not hold them.
        """
        check_is_fitted(self, "model_")
        return importances(self._inspected_rows(X, y), method, repeats, random_state)

    @property
    def feature_importances_(self) -> Floats:
        """The permutation importance of each column (n,) on held-out rows, computed when it is first asked for.

        It can be negative, and does not sum to 1: see `importances`, which has the names, the unit and other rows. A
        file that is saved afterwards holds it too.
        """
        check_is_fitted(self, "model_")
        found = Importances.from_json(self.model_.about.get("importances"))
        if found is None:
            if self._is_shown:
                raise AttributeError("they have not been computed")
            try:
                found = self.importances()
            except InputError as error:  # hasattr must be answered
                raise AttributeError(str(error)) from None
            self._keep(found)
        return found.values

    def report(self, path: str | os.PathLike[str], X: Any = None, y: Any = None, *, title: str | None = None) -> None:
        """Writes one HTML page about the model, which needs no other file and no network.

        It has the results, the learning curves, the confusion matrix and calibration or the residuals, importances, the
        partial dependence of the most important columns, the encoding of each column, and a model card. The results are
        those on rows X (t, n) with labels y, or else on held-out rows of ``fit``, each predicted by the networks that
        did not train on it. A browser shows the page in light or dark colours, on a phone, and on paper.

        Raises NotFittedError before ``fit``; InputError as `importances` does; MissingExtra if Matplotlib is not
        installed; OSError if the file cannot be written.
        """
        check_is_fitted(self, "model_")
        from chainrule.estimators.network.inspection.report import report_page

        rows = self._inspected_rows(X, y)
        found = importances(rows)
        if X is None:
            self._keep(found)
        files.write_bytes(os.fspath(path), report_page(self, rows, found, X is None, title).encode(), replace=True)

    def card(self, X: Any = None, y: Any = None) -> str:
        """Returns a model card in Markdown, for a README or a registry of models.

        It has the results, how the model was made, each column with its encoding and, if it has been computed, its
        importance, the target, and versions. The intended use is left to be filled in. The results are those on rows X
        (t, n) with labels y, or else on held-out rows of ``fit``; for an estimator from a file, those that it holds.

        Raises NotFittedError before ``fit``, InputError for rows or labels that do not fit the model.
        """
        check_is_fitted(self, "model_")
        from chainrule.estimators.network.inspection.markdown_card import markdown_card

        return markdown_card(self, self._held_out_rows if X is None else self._inspected_rows(X, y), X is None)

    def _inspected_rows(self, X: Any, y: Any) -> LabelledRows:
        """Returns labelled rows: those given, or held-out ones."""
        if X is not None:
            if y is None:
                raise InputError("y must have one label per row of X, or be the name of a column; got None.")
            return labelled(self.model_, X, y, "y")[0]
        if self._held_out_rows is None:
            raise InputError("this model has no held-out rows to look at; give rows with their labels: (X, y).")
        return self._held_out_rows

    def _keep(self, found: Importances) -> None:
        """Keeps importances on held-out rows with the model."""
        self.model_ = replace(self.model_, about={**self.model_.about, "importances": found.as_json()})

    def __getstate__(self) -> dict[str, Any]:
        """Returns the state for a pickle or a copy, without the held-out rows."""
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_held_out_rows"}

    _is_shown = False  # in scikit-learn's table of attributes, which reads them all

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """Returns the table of the attributes of a notebook; importances are in it if they have been computed."""
        self._is_shown = True
        try:
            shown = BaseEstimator._get_fitted_attr_html(self, doc_link)
        finally:
            del self._is_shown
        if "importances" not in self.model_.about:
            shown.pop("feature_importances_", None)
        return shown

    def _html_repr(self) -> str:
        shown = BaseEstimator._html_repr(self)
        return (card.card(self) + shown) if hasattr(self, "model_") else str(shown)
