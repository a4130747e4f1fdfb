"""A classifier of tables: networks whose outputs are the probabilities of classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

from chainrule._internal.checks import Array, Floats
from chainrule.activations import Sigma
from chainrule.costs import Cost
from chainrule.errors import InputError
from chainrule.estimators.network.base import NetworkBase
from chainrule.estimators.network.ensemble import Callback
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.training_warnings import warn_rare_classes
from chainrule.estimators.sklearn_callbacks import with_callbacks
from chainrule.initial import Initial
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.calibration import best_temperature
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, Task, as_targets


class NetworkClassifier(ClassifierMixin, NetworkBase):  # type: ignore[misc]  # scikit-learn has no types
    """Classes of the rows of a table, by networks whose averaged outputs are probabilities.

    P(c | x) = the mean over k networks of softmax(z[r]/T)_c; T is set by held-out rows (`best_temperature`).

    Parameters that are None leave the choice to the preset:

    Args:
        preset: "default" (RealMLP's simplified recipe; several small networks where there are few rows), "best" (more
            networks, half of them with embeddings of numbers, parametric σ, decay, dropout: less error, more time), or
            "lecture" (sigmoids, gradient descent over all rows).
        hidden_layer_sizes: the hidden layers: numbers of units, or `Hidden` with a σ and a dropout of its own.
        activation, dropout: σ and dropout of the hidden layers that do not say their own.
        parametric: whether each hidden unit has a trainable κ (`chainrule.Parametric`).
        embedding: whether each number becomes four by cosines of it (PBLD), where there are at most 100.
        scaling_rate: the factor of the learning rate of a first layer W = diag(w); 0: no such layer.
        bias_rate, kappa_rate: factors of the learning rates of every b and every κ.
        ntk: whether the rate of a full W (m, n) has the factor n^(−½).
        initial: initial values of the full W: "ntk", "data" (`chainrule.initial.from_data`), or one of the core.
        cost: a cost, taken as it is, or the name of one, taken as the mean over the rows:
            "cross_entropy" (softmax), or "log_likelihood" or "sum_of_squares" (sigmoids).
        optimizer: an optimizer, or the name of one.
        learning_rate: a schedule, or a number, which keeps the preset's schedule. With ``optimizer`` given by name it
            is that optimizer's; an optimizer that is a value has its own.
        weight_decay: λ of AdamW, a number or a schedule.
        batch_size: rows of a minibatch; "full": all of them.
        epochs: passes over the rows, which schedules stretch over.
        validation_fraction: the part of the rows held out from each network, from 0 (none) to ½. Several networks hold
            out different rows. Of fewer than 10 rows none is held out.
        validation_order: "random", or "last": rows are in order of time, and the last ones are held out.
        patience: epochs without a better held-out cost after which to stop; by default all are made. In either case
            each network keeps its best epoch.
        n_networks: the networks whose outputs are averaged.
        numbers, categories: of the `TableEncoder`.
        class_weight: weights of the classes, {label: weight}, or "balanced": t / (k · rows of the class). They count
            in training, in stopping and in calibration.
        calibrate: whether to set T by held-out rows; else T = 1.
        time_limit: seconds; fewer epochs are planned where they would take longer.
        warm_start: whether ``fit`` goes on, with the rows of the last one, up to ``epochs`` in all.
        random_state: a seed; the same one gives the same model, for any number of threads.
        dtype: of the networks, "float32" or "float64".
        engine: "auto" or an engine's name.
        threads: the most that are used; by default every CPU.
        verbose: whether to say how far the training is, on stderr.
        callbacks: functions f(history), called about ten times a second from the thread of a network, with its
            `chainrule.History`; one that returns True stops its network. scikit-learn's own: ``set_callbacks``.

    Attributes once fitted: ``model_`` (a `TableModel`), ``networks_``, ``encoder_``, ``target_``, ``recipe_`` (of the
    first network; ``recipes_`` of each), ``history_`` (one table of all curves), ``histories_``, ``validation_score_``
    (accuracy on held-out rows, or None), ``n_iter_`` (epochs), ``stopped_`` ("epochs", "patience", "time_limit",
    "callback" or "interrupted"), ``n_features_in_``, ``feature_names_in_``, ``classes_``.

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
    target_: ClassLabels

    def __init__(
        self,
        *,
        preset: str = "default",
        hidden_layer_sizes: int | Hidden | Sequence[int | Hidden] | None = None,
        activation: Sigma | str | None = None,
        dropout: float | Schedule | None = None,
        parametric: bool | None = None,
        embedding: bool | None = None,
        scaling_rate: float | None = None,
        bias_rate: float | None = None,
        kappa_rate: float | None = None,
        ntk: bool | None = None,
        initial: Initial | str | None = None,
        cost: Cost | str | None = None,
        optimizer: Optimizer | str | None = None,
        learning_rate: float | Schedule | None = None,
        weight_decay: float | Schedule | None = None,
        batch_size: int | Literal["full"] | None = None,
        epochs: int | None = None,
        validation_fraction: float | None = None,
        validation_order: Literal["random", "last"] = "random",
        patience: int | None = None,
        n_networks: int | None = None,
        numbers: Literal["robust", "standard", "none"] | None = None,
        categories: Sequence[str | int] | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        calibrate: bool = True,
        time_limit: float | None = None,
        warm_start: bool = False,
        random_state: Any = None,
        dtype: Literal["float32", "float64"] = "float32",
        engine: str = "auto",
        threads: int | None = None,
        verbose: bool = False,
        callbacks: Sequence[Callback] = (),
    ) -> None:
        self.preset = preset
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.parametric = parametric
        self.embedding = embedding
        self.scaling_rate = scaling_rate
        self.bias_rate = bias_rate
        self.kappa_rate = kappa_rate
        self.ntk = ntk
        self.initial = initial
        self.cost = cost
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.epochs = epochs
        self.validation_fraction = validation_fraction
        self.validation_order = validation_order
        self.patience = patience
        self.n_networks = n_networks
        self.numbers = numbers
        self.categories = categories
        self.class_weight = class_weight
        self.calibrate = calibrate
        self.time_limit = time_limit
        self.warm_start = warm_start
        self.random_state = random_state
        self.dtype = dtype
        self.engine = engine
        self.threads = threads
        self.verbose = verbose
        self.callbacks = callbacks

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        groups: Any = None,
    ) -> Self:
        """Learn from the rows X (t, n) and their classes y (t,), or from a table, y naming its column.

        ``sample_weight`` (t,) weighs the rows: 2 is the row twice. ``X_val``, ``y_val``, ``sample_weight_val`` are rows
        to watch the training by, instead of some held out. Rows of one of ``groups`` (t,) are held out together.
        On Ctrl-C each network keeps its best epoch, with a TrainingWarning.

        Raises InputError for bad input before any work; DivergenceError where every network diverges.
        """
        return self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val, groups)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """One pass over new rows, at a constant learning rate, going on from what was learned before.

        The first call learns the encoder from its rows, and needs every class: in y, or in ``classes`` (k,). Nothing is
        held out. Raises InputError for bad input or an unknown class.
        """
        self._all_classes = classes
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._all_classes

    def predict_proba(self, X: Any) -> Floats:
        """The probability of each class of ``classes_``, (t, k); rows sum to 1. Raises as ``predict`` does."""
        return self._model(X).predict_proba(X)

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes, in order."""
        if not hasattr(self, "target_"):
            raise AttributeError("classes_ are known once the classifier is fitted.")
        values: NDArray[Any] = self.target_.values
        return values

    def _as_labels(self, y: Any) -> NDArray[Any]:
        labels = as_targets(y)
        check_classification_targets(labels)
        return np.asarray(column_or_1d(labels, warn=True))

    def _learn_target(self, labels: NDArray[Any], weights: Floats | None, recipe: Recipe) -> ClassLabels:
        in_parts = hasattr(self, "_all_classes")
        if in_parts and self._all_classes is not None:
            return ClassLabels.fit(self._all_classes)
        counted = labels if weights is None else labels[weights > 0.0]
        classes = ClassLabels.fit(labels, weights)
        if len(np.unique(counted)) < 2:
            raise InputError(
                f"y must hold at least two classes to tell apart; got one class: {counted[:1].tolist()[0]!r}."
            )
        if not in_parts:
            warn_rare_classes(classes, classes.class_numbers(labels))
        return classes

    def _encode_labels(self, labels: NDArray[Any], recipe: Recipe) -> tuple[Array, NDArray[np.intp]]:
        numbers = self.target_.class_numbers(labels)
        Y = np.eye(len(self.target_))[numbers]
        one = len(self.target_) == 2 and recipe.cost.name != "cross_entropy"  # one sigmoid tells two classes apart
        return (Y[:, 1:] if one else Y), numbers

    def _weighted(self, weights: Floats | None, labels: NDArray[Any]) -> Floats | None:
        if self.class_weight is None:
            return weights
        of_class: Floats = compute_sample_weight(self.class_weight, labels)
        return of_class if weights is None else weights * of_class

    def _judge(self, model: TableModel, labels: NDArray[Any], held_out: HeldOutPredictions) -> tuple[TableModel, float]:
        numbers = self.target_.class_numbers(labels)
        score = float(np.average(held_out.P.argmax(axis=1) == numbers, weights=held_out.weights))
        T = best_temperature(held_out.P, numbers, held_out.weights) if self.calibrate else 1.0
        return replace(model, temperature=T), score
