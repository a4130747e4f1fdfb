"""A regressor of tables: networks whose outputs are numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from chainrule._internal.checks import Array, Floats
from chainrule.activations import Sigma
from chainrule.costs import Cost, Poisson
from chainrule.costs.loss import INFINITE
from chainrule.estimators.network.base import NetworkBase
from chainrule.estimators.network.ensemble import Callback
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.sklearn_callbacks import with_callbacks
from chainrule.initial import Initial
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels, Task, as_targets


class NetworkRegressor(RegressorMixin, NetworkBase):  # type: ignore[misc]  # scikit-learn has no types
    """Numbers for the rows of a table, by networks whose outputs are averaged.

    ŷ = mean + deviation · (the mean of N₁(x) … N_k(x)), with mean and deviation of y in the training rows.

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
        cost: a cost, taken as it is, or the name of one, taken as the mean over the rows. It sees y
            standardised, if it takes all numbers; for "poisson" outputs are exp(z) and y is divided by its mean, for
            "log_likelihood" outputs are sigmoids and y is taken as it is, in [0, 1].
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
        scale_y: whether y is standardised for costs that take all numbers.
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
    (R² on held-out rows, or None), ``n_iter_`` (epochs), ``stopped_`` ("epochs", "patience", "time_limit",
    "callback" or "interrupted"), ``n_features_in_``, ``feature_names_in_``.

    >>> import numpy as np
    >>> from chainrule.estimators import NetworkRegressor
    >>> X = np.linspace(-1.0, 1.0, 200)[:, None]
    >>> model = NetworkRegressor(epochs=30, n_networks=1, random_state=0).fit(X, X[:, 0] ** 2)
    >>> bool(abs(model.predict([[0.5]])[0] - 0.25) < 0.05)
    True
    >>> model.predict_interval([[0.5]], coverage=0.8).shape
    (1, 2)

    Source: D. Holzmüller, L. Grinsztajn & I. Steinwart, Better by default, NeurIPS 2024 (arXiv 2407.04491).
    """

    _task: ClassVar[Task] = "regression"
    target_: NumericLabels

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
        scale_y: bool = True,
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
        self.scale_y = scale_y
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
        """Learn from the rows X (t, n) and their numbers y (t,), or (t, m), or from a table, y naming its column.

        ``sample_weight`` (t,) weighs the rows: 2 is the row twice. ``X_val``, ``y_val``, ``sample_weight_val`` are rows
        to watch the training by, instead of some held out. Rows of one of ``groups`` (t,) are held out together.
        On Ctrl-C each network keeps its best epoch, with a TrainingWarning.

        Raises InputError for bad input before any work; DivergenceError where every network diverges.
        """
        return self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val, groups)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """One pass over new rows, at a constant learning rate, going on from what was learned before.

        The first call learns the encoder and the scale of y from its rows. Nothing is held out. Raises InputError.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Floats:
        """The ends of an interval that holds y with probability ≥ ``coverage``: (t, 2), or (t, m, 2) for m targets.

        They lie as far from the prediction as y lay from it on held-out rows (`chainrule.tables.conformal`). Where
        all networks were watched by the same rows (one network, ``X_val``, or the last rows) the probability is
        guaranteed, for rows like those; with several networks held-out rows are judged by the network that has not
        seen them, and the averaged prediction is as good or better.

        Raises InputError for a coverage not in (0, 1), or too few held-out rows for it; and as ``predict`` does.
        """
        return self._model(X).predict_interval(X, coverage)

    def _as_labels(self, y: Any) -> NDArray[Any]:
        return as_targets(y)

    def _learn_target(self, labels: NDArray[Any], weights: Floats | None, recipe: Recipe) -> NumericLabels:
        numbers = NumericLabels.fit(labels, weights)
        if isinstance(recipe.cost, Poisson):  # J of y/mean and a/mean differs from that of y and a by a factor alone
            mean = np.where(numbers.mean > 0.0, numbers.mean, 1.0)
            return replace(numbers, mean=np.zeros(numbers.m), deviation=mean)
        if not self.scale_y or recipe.cost.outputs != INFINITE:
            return replace(numbers, mean=np.zeros(numbers.m), deviation=np.ones(numbers.m))
        return numbers

    def _encode_labels(self, labels: NDArray[Any], recipe: Recipe) -> tuple[Array, None]:
        Y = self.target_.standardised(labels)
        return recipe.cost.targets(Y, self.target_.m), None

    def _weighted(self, weights: Floats | None, labels: NDArray[Any]) -> Floats | None:
        return weights

    def _judge(self, model: TableModel, labels: NDArray[Any], held_out: HeldOutPredictions) -> tuple[TableModel, float]:
        predicted = self.target_.restored(held_out.P).reshape(len(held_out.P), -1)
        Y = np.asarray(labels, dtype=np.float64).reshape(len(held_out.P), -1)
        residuals = np.sort(Y - predicted, axis=0)
        score = float(r2_score(Y, predicted, sample_weight=held_out.weights)) if len(Y) > 1 else float("nan")
        return replace(model, residuals=residuals), score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
