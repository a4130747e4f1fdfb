"""NetworkClassifier: classification of table rows, with calibrated probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from chainrule._internal.checks import Array, Floats, shown
from chainrule.activations import Sigma
from chainrule.costs import Cost
from chainrule.engines.choice import EngineLike
from chainrule.errors import InputError
from chainrule.estimators.network.base import NetworkBase
from chainrule.estimators.network.calibration.label_smoothing import ensemble_calibration
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.recipes.presets import smoothing_of_labels
from chainrule.estimators.network.scoring import Scoring
from chainrule.estimators.network.training_warnings import warn_about_labels, warn_about_rare_classes
from chainrule.estimators.parameter_names import suggesting_names
from chainrule.estimators.scored_labels import ScoredLabels
from chainrule.estimators.sklearn_callbacks import with_callbacks
from chainrule.estimators.weights import by_class
from chainrule.initial import Initial
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.columns import Task
from chainrule.tables.encoding.encoder import MAX_LEVELS
from chainrule.tables.labels import as_class_column, as_classes, label_array
from chainrule.tables.model import TableModel
from chainrule.tables.scores import subset_accuracy
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels, label_columns
from chainrule.tables.targets.target_columns import stacked
from chainrule.training.callbacks.callback import Callback
from chainrule.training.checkpoint import Checkpoint, PathLike


class NetworkClassifier(ScoredLabels, ClassifierMixin, NetworkBase):  # type: ignore[misc]  # scikit-learn has no types
    """Classifies the rows of a table, by networks whose averaged outputs are probabilities.

    P(c | x) = p_c^(1/T) / Σ p^(1/T), where p is the mean over k networks of softmax(z[r]). The temperature T is fitted
    to held-out rows, and corrected for the number of networks; smoothing of labels is taken out of p before, if these
    rows show that it should be (`ensemble_calibration`).

    A parameter that is None is chosen by the preset:

    Args:
        preset: "default" (RealMLP's simplified recipe, for eight networks), "best" (more networks
            and epochs, of the kinds among seven that predict best together: smaller errors, more time), "tuned" (a
            search over recipes, see ``trials_``), or "lecture" (sigmoids and full-batch gradient descent).
        time_limit: seconds for all of ``fit``. If they do not suffice for every network and epoch, fewer are planned,
            with a TrainingWarning.
        epochs: passes over the rows; schedules span all of them.
        learning_rate: a schedule, or a number, which keeps the preset's schedule. If ``optimizer`` is a name, it is
            passed to that optimizer; an optimizer given as a value has its own.
        batch_size: rows per minibatch; "full": all rows.
        hidden_layer_sizes: the hidden layers: numbers of units, or `Hidden` layers with their own σ and dropout.
        n_networks: the number of networks, whose outputs are averaged; of each kind, where several kinds compete
            ("tuned", and sparse rows; with "best", of each of the four kinds that continue).
        cost: a cost, used as it is, or the name of one, averaged over the rows: "cross_entropy" (softmax outputs),
            "log_likelihood" or "sum_of_squares" (sigmoid outputs, as those of several labels always are).
        class_weight: weights of the classes, {label: weight}, or "balanced": t / (k · rows of the class), a row of
            weight w counting as w rows. They apply to training, validation and calibration. Those of several labels
            are multiplied; a list has a dict for each.
        patience: epochs without a lower held-out cost before training stops early; by default those of a wave of
            `chainrule.CosLog4`, or with another schedule all. In any case each network keeps its best epoch.
        scoring: the metric by which each network keeps its best epoch, and which ``patience`` follows: the name of a
            scorer of scikit-learn, such as "roc_auc", or a function f(estimator, X, y), larger is better, where X
            are encoded rows. By default it is the held-out cost J.
        random_state: a seed; equal seeds give equal models, for any number of threads.
        threads: the maximum number of threads; by default every CPU.
        workers: processes that train the networks in ``fit``, this one and others that it starts; they share the
            threads (docs/guide/scale.md).
        verbose: 1 or True: the progress of all networks in place, or in a file as a line now and then; 2: a line
            for each epoch of each network.
        activation, dropout: σ and dropout of the hidden layers without their own.
        parametric: whether each hidden unit has a trainable κ (`chainrule.Parametric`).
        embedding: what turns each number into four features, if there are at most 64 numbers: "periodic" (sines),
            "piecewise" (linear pieces between quantiles), "thresholds" (between quantiles and thresholds at which trees
            on a number alone divide it), "steps" (at these thresholds), or "none".
        scaling_rate: the factor of the learning rate of a first layer W = diag(w); 0: no such layer.
        bias_rate, kappa_rate: the factors of the learning rates of every b and every κ.
        ntk: whether the learning rate of a full W (m, n) has the factor n^(−½).
        initial: initial values of each full W: "ntk", "data" (`chainrule.initial.from_data`), or a rule of the core.
        optimizer: an optimizer, or its name.
        weight_decay: λ of AdamW, a number or a schedule.
        validation_fraction: the fraction of the rows that each network holds out, from 0 (none) to ½. Several networks
            hold out different rows, except one in four, which repeats those of another. With fewer than 10 rows none
            is held out.
        validation_order: "random", or "last" for rows in order of time, of which the last are held out.
        numbers, categories, max_levels, decimal, thousands, missing: parameters of the `TableEncoder`.
        calibrate: whether to fit T to held-out rows; otherwise T = 1.
        warm_start: whether ``fit`` continues to train the same networks on the same rows, up to ``epochs`` in total.
        dtype: the number type of the networks, "float32" or "float64".
        engine: "auto", the name of an engine, or an engine such as ``cr.engines.Torch("cuda:0")``.
        callbacks: functions f(history), called in the thread of a network with its `chainrule.History`, or
            `chainrule.callbacks`; returning True stops that network. For scikit-learn's callbacks: ``set_callbacks``.
        callback_epochs: epochs between two calls of functions in ``callbacks``; None: about ten times a second.
        checkpoint: a folder, or a `chainrule.Checkpoint` of one, in which each network is written to a file now and
            then, and as its training ends. It needs an integer as ``random_state``, and ``epochs`` in place of a
            ``time_limit``.
        resume: whether ``fit`` continues from the checkpoints in that folder, if there are some, with the same bits as
            an uninterrupted fit.

    Sparse rows with entries in more than 256 columns, at most a tenth of them stored, stay sparse, and "default" and
    "best" then have other recipes: two linear networks and one with a hidden layer compete, ``n_networks`` of each are
    trained on the same rows, and those of the smallest loss on held-out rows are kept (docs/guide/sparse.md).

    Attributes, once fitted: ``model_`` (a `TableModel`), ``networks_``, ``encoder_``, ``target_``, ``recipe_`` (of the
    first network; ``recipes_`` of each), ``history_`` (all curves as one table), ``histories_``, ``validation_score_``
    (accuracy on held-out rows, of several labels that of whole rows, or None), ``n_iter_`` (epochs), ``stopped_``
    ("epochs", "patience", "time_limit", "callback" or "interrupted"), ``n_features_in_``, ``feature_names_in_``,
    ``classes_``, and with preset "tuned" ``trials_``: the recipes that were tried, with their losses on held-out rows.

    >>> import numpy as np
    >>> from chainrule.estimators import NetworkClassifier
    >>> X = np.array([[0, "a"], [1, "b"], [2, "a"], [3, "b"]] * 10, dtype=object)
    >>> y = ["yes" if number > 1 else "no" for number, _ in X]
    >>> model = NetworkClassifier(epochs=20, n_networks=1, random_state=0).fit(X, y)
    >>> model.predict([[0, "b"], [3, "a"]]).tolist()
    ['no', 'yes']

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, NeurIPS 2024 (arXiv 2407.04491).
    """

    _task: ClassVar[Task] = "classification"
    target_: ClassLabels | IndicatorLabels

    @suggesting_names
    def __init__(
        self,
        *,
        preset: str = "default",
        time_limit: float | None = None,
        epochs: int | None = None,
        learning_rate: float | Schedule | None = None,
        batch_size: int | Literal["full"] | None = None,
        hidden_layer_sizes: int | Hidden | Sequence[int | Hidden] | None = None,
        n_networks: int | None = None,
        cost: Cost | str | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        patience: int | None = None,
        scoring: Scoring = None,
        random_state: Any = None,
        threads: int | None = None,
        workers: int | None = None,
        verbose: bool | int = False,
        activation: Sigma | str | None = None,
        dropout: float | Schedule | None = None,
        parametric: bool | None = None,
        embedding: Literal["periodic", "piecewise", "thresholds", "steps", "none"] | None = None,
        scaling_rate: float | None = None,
        bias_rate: float | None = None,
        kappa_rate: float | None = None,
        ntk: bool | None = None,
        initial: Initial | str | None = None,
        optimizer: Optimizer | str | None = None,
        weight_decay: float | Schedule | None = None,
        validation_fraction: float | None = None,
        validation_order: Literal["random", "last"] = "random",
        numbers: Literal["robust", "standard", "joint", "none"] | None = None,
        categories: Sequence[str | int] | None = None,
        max_levels: int = MAX_LEVELS,
        decimal: Literal[".", ","] | None = None,
        thousands: str | None = None,
        missing: Sequence[str] = (),
        calibrate: bool = True,
        warm_start: bool = False,
        dtype: Literal["float32", "float64"] = "float32",
        engine: EngineLike = "auto",
        callbacks: Sequence[Callback] = (),
        callback_epochs: int | None = 1,
        checkpoint: Checkpoint | PathLike | None = None,
        resume: bool = False,
    ) -> None:
        self.preset = preset
        self.time_limit = time_limit
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_networks = n_networks
        self.cost = cost
        self.class_weight = class_weight
        self.patience = patience
        self.scoring = scoring
        self.random_state = random_state
        self.threads = threads
        self.workers = workers
        self.verbose = verbose
        self.activation = activation
        self.dropout = dropout
        self.parametric = parametric
        self.embedding = embedding
        self.scaling_rate = scaling_rate
        self.bias_rate = bias_rate
        self.kappa_rate = kappa_rate
        self.ntk = ntk
        self.initial = initial
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.validation_order = validation_order
        self.numbers = numbers
        self.categories = categories
        self.max_levels = max_levels
        self.decimal = decimal
        self.thousands = thousands
        self.missing = missing
        self.calibrate = calibrate
        self.warm_start = warm_start
        self.dtype = dtype
        self.engine = engine
        self.callbacks = callbacks
        self.callback_epochs = callback_epochs
        self.checkpoint = checkpoint
        self.resume = resume

    @suggesting_names
    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
    ) -> Self:
        """Trains on rows X (t, n) and their classes y (t,), or on a table X of which y names a column.

        Several columns of two values each, as y (t, q) or as a list of names, are labels that do not exclude each
        other: a row may have none, one or several of them. Each has a sigmoid output, J adds up their binary
        cross-entropies, in the mean over the rows and with smoothed labels, and each has a calibration of its own.

        ``sample_weight`` (t,) weights the rows: a row of weight 2 counts twice, but is one row to a target encoding of
        many categories. ``X_val``, ``y_val`` and ``sample_weight_val`` are validation rows, used instead of held-out
        ones. Rows of the same group (``groups``, (t,)) are held out together. On Ctrl-C each network keeps its best
        epoch, with a TrainingWarning.

        X may be packed rows of a table of any size (`chainrule.tables.pack`), which hold y: docs/guide/rows.md.

        Raises InputError for bad input, before training; DivergenceError if every network diverges.
        """
        return self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val, groups)

    @suggesting_names
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Trains one epoch on new rows, at a constant learning rate, continuing from the current networks.

        A model of a file without ``training_state`` begins at a tenth of this rate, as its optimizer begins anew.
        The first call fits the encoder to its rows, and must give every class, in y or in ``classes`` (k,). All
        networks hold out ``validation_fraction`` of ten rows or more, the same ones whenever they come again; the
        calibration and ``validation_score_`` are those of the last 1,000 held-out rows, as the networks predict them
        now. The history continues, with an epoch for each call. Recipes for sparse rows do not compete: the networks
        take them in turn. Raises InputError for bad input or an unknown class.
        """
        self._all_classes = classes
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._all_classes

    def predict_proba(self, X: Any) -> Floats:
        """Returns the probabilities of ``classes_``, (t, k), which sum to 1 in each row. Raises as ``predict`` does.

        Those of several labels, (t, q), are independent of each other.
        """
        model, table = self._model_and_rows(X)
        return model.predict_proba(table)

    def predict_log_proba(self, X: Any) -> Floats:
        """Returns the logarithm of ``predict_proba``, (t, k), −∞ for a probability of 0. Raises as ``predict`` does."""
        model, table = self._model_and_rows(X)
        return model.predict_log_proba(table)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the accuracy on rows X (t, n) with labels y, or a table X of which y names a column or several.

        Of several labels, all of a row must be right (the subset accuracy). A row of weight 0 may hold anything, and
        lack its label. Raises InputError, and as ``predict`` does.
        """
        rows, labels = self._rows_to_score(X, y, sample_weight)
        if isinstance(self.target_, IndicatorLabels):
            return self.model_.score(rows, labels, sample_weight)
        return float(super().score(rows, labels, sample_weight))

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes, in order; of several labels their names, or their numbers from 0 if they have none."""
        if not hasattr(self, "target_"):
            raise AttributeError("classes_ is available once the classifier is fitted.")
        return self.target_.classes if isinstance(self.target_, IndicatorLabels) else self.target_.values

    def _task_of(self, labels: NDArray[Any]) -> Task:
        return "multilabel" if labels.ndim == 2 else "classification"

    def _as_labels(self, y: Any, symbol: str = "y") -> NDArray[Any]:
        if np.ndim(values := label_array(y, symbol)) == 2 and values.shape[1] > 1:
            return stacked([as_class_column(column, name) for name, column in label_columns(y, symbol)])
        labels = as_classes(y, symbol)
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = column_or_1d(labels, warn=True)
        check_classification_targets(labels)
        return labels

    def _learn_target(
        self, labels: NDArray[Any], weights: Floats | None, recipe: Recipe, names: tuple[str, ...]
    ) -> ClassLabels | IndicatorLabels:
        is_incremental = hasattr(self, "_all_classes")
        is_announced = is_incremental and self._all_classes is not None
        if labels.ndim == 2:
            if is_announced:
                raise InputError("classes is for one class a row; of several labels, y shows both values of each.")
            several = IndicatorLabels.fit(labels, weights, names)
            if not is_incremental:
                warn_about_labels(several, several.indicators(labels))
            return several
        classes = ClassLabels.fit(self._all_classes) if is_announced else ClassLabels.fit(labels, weights)
        if len(classes) < 2:
            hint = " Give all of them in classes=…." if is_incremental else ""
            raise InputError(f"y must hold at least two classes; got one class: {shown(classes.values[0])}.{hint}")
        if not is_incremental:
            warn_about_rare_classes(classes, classes.class_numbers(labels))
        return classes

    def _encode_labels(self, labels: NDArray[Any], recipe: Recipe) -> tuple[Array, NDArray[np.intp] | None]:
        if isinstance(self.target_, IndicatorLabels):
            has = self.target_.indicators(labels).astype(np.float64)
            epsilon = self._smoothing_of_several()
            return (1.0 - epsilon) * has + 0.5 * epsilon, None
        numbers = self.target_.class_numbers(labels)
        Y = np.eye(len(self.target_))[numbers]
        has_one_output = len(self.target_) == 2 and recipe.cost.name != "cross_entropy"  # a sigmoid
        return (Y[:, 1:] if has_one_output else Y), numbers

    def _smoothing_of_several(self) -> float:
        """The ε by which several labels are smoothed."""
        return smoothing_of_labels(self.preset, self._n_sparse) if self.cost is None else 0.0

    def _weighted(self, weights: Floats | None, labels: NDArray[Any], knows_classes: bool) -> Floats | None:
        is_incremental = hasattr(self, "_all_classes")
        known = self.target_.values if knows_classes and isinstance(self.target_, ClassLabels) else None
        if known is None and is_incremental and self._all_classes is not None:
            known = ClassLabels.fit(self._all_classes).values
        return by_class(self.class_weight, labels, weights, known, incremental=is_incremental)

    def _calibrate(
        self, model: TableModel, labels: NDArray[Any], held_out: HeldOutPredictions
    ) -> tuple[TableModel, float]:
        k, target = len(model.networks), self.target_
        if isinstance(target, IndicatorLabels):
            has = target.indicators(labels)
            score = subset_accuracy(has, held_out.P > 0.5, held_out.weights)
            if self.calibrate:
                epsilon = self._smoothing_of_several()
                of_each = (ensemble_calibration(held_out.of_label(j), has[:, j], k, epsilon) for j in range(target.m))
                model = replace(model, calibration=tuple(of_each))
            return model, score
        numbers = target.class_numbers(labels)
        score = float(np.average(held_out.P.argmax(axis=1) == numbers, weights=held_out.weights))
        if self.calibrate:
            epsilon = float(np.mean([getattr(recipe.cost, "label_smoothing", 0.0) for recipe in self.recipes_]))
            model = replace(model, calibration=ensemble_calibration(held_out, numbers, k, epsilon))
        return model, score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
