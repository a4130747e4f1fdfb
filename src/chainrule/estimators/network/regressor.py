"""NetworkRegressor: regression on table rows, with prediction intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from chainrule._internal.checks import Array, Floats
from chainrule._internal.naming import resolve
from chainrule.activations import Sigma
from chainrule.costs import Cost, Poisson
from chainrule.costs.loss import INFINITE
from chainrule.engines.choice import EngineLike
from chainrule.errors import InputError
from chainrule.estimators.network.base import NetworkBase
from chainrule.estimators.network.calibration.ensemble_residuals import ensemble_residuals
from chainrule.estimators.network.calibration.spread_learning import learned_spread
from chainrule.estimators.network.calibration.spread_rows import SpreadRows, rows_of_training
from chainrule.estimators.network.ensemble import Member
from chainrule.estimators.network.held_out_predictions import HeldOutPredictions
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.scoring import Scoring
from chainrule.estimators.network.training_rows import Data
from chainrule.estimators.parameter_names import suggesting_names
from chainrule.estimators.scored_labels import ScoredLabels
from chainrule.estimators.sklearn_callbacks import with_callbacks
from chainrule.initial import Initial
from chainrule.network import Network
from chainrule.optimizers import Optimizer
from chainrule.optimizers.schedules import Schedule
from chainrule.tables.columns import Task
from chainrule.tables.encoding.encoder import MAX_LEVELS
from chainrule.tables.intervals.conformal import INTERVALS, thinned
from chainrule.tables.intervals.quantile_labels import QuantileLabels, as_levels, d2_pinball
from chainrule.tables.labels import as_numbers, as_targets
from chainrule.tables.model import TableModel
from chainrule.tables.scores import r_squared
from chainrule.tables.target_decoder import NumericLabels, require_scale
from chainrule.tables.targets.target_columns import TargetColumns, stacked
from chainrule.training.callbacks.callback import Callback
from chainrule.training.checkpoint import Checkpoint, PathLike


class NetworkRegressor(ScoredLabels, RegressorMixin, NetworkBase):  # type: ignore[misc]  # scikit-learn has no types
    """Predicts numbers for the rows of a table, by networks whose outputs are averaged.

    ŷ = mean + deviation · (the mean of N₁(x) … N_k(x)), with mean and deviation of y in the training rows.

    A parameter that is None is chosen by the preset:

    Args:
        preset: "default" (RealMLP's simplified recipe, for several networks), "best" (more networks
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
        cost: a cost, used as it is, or the name of one, averaged over the rows. A cost for any real y gets y
            standardised. For "poisson", outputs are exp(z) and y is divided by its mean; for "log_likelihood", outputs
            are sigmoids and y in [0, 1] is unchanged.
        quantiles: several quantiles to predict instead of the mean, such as (0.05, 0.5, 0.95): one output for
            each, trained by the sum of their pinball costs. ``predict`` then returns (t, q), in increasing order.
        interval: "constant", intervals of one width for all rows; or "scaled", of a width by x that follows the size
            of errors on held-out rows, where that depends on x.
        patience: epochs without a lower held-out cost before training stops early; by default those of a wave of
            `chainrule.CosLog4`, or with another schedule all. In any case each network keeps its best epoch.
        scoring: the metric by which each network keeps its best epoch, and which ``patience`` follows: the name of a
            scorer of scikit-learn, such as "neg_mean_absolute_error", or a function f(estimator, X, y), larger is
            better, where X are encoded rows. By default it is the held-out cost J.
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
        optimizer: an optimizer, or its name; or "lm", Levenberg–Marquardt over all rows (`chainrule.minimize`), for few
            rows and parameters and a sum of squares. Eight networks of 16 tanh units then take the place of the
            preset's, and end by ``patience`` = 10 on their held-out rows.
        weight_decay: λ of AdamW, a number or a schedule.
        validation_fraction: the fraction of the rows that each network holds out, from 0 (none) to ½. Several networks
            hold out different rows, except one in four, which repeats those of another. With fewer than 10 rows none
            is held out.
        validation_order: "random", or "last" for rows in order of time, of which the last are held out.
        numbers, categories, max_levels, decimal, thousands, missing: parameters of the `TableEncoder`.
        scale_y: whether y is standardised, for costs of any real y.
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
    (R² on held-out rows, or None), ``n_iter_`` (epochs), ``stopped_`` ("epochs", "patience", "time_limit",
    "callback", "interrupted", or as `chainrule.minimize` with "lm"), ``n_features_in_``, ``feature_names_in_``, and
    with preset "tuned" ``trials_``: the recipes that were tried, with their losses on held-out rows.

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
    target_: NumericLabels  # or QuantileLabels, which are NumericLabels too

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
        quantiles: Sequence[float] | None = None,
        interval: Literal["constant", "scaled"] = "constant",
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
        scale_y: bool = True,
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
        self.quantiles = quantiles
        self.interval = interval
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
        self.scale_y = scale_y
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
        """Trains on rows X (t, n) and numbers y (t,) or (t, m), or on a table X of which y names a column or several.

        ``sample_weight`` (t,) weights the rows: a row of weight 2 counts twice, but is one row to a target encoding of
        many categories. ``X_val``, ``y_val`` and ``sample_weight_val`` are validation rows, used instead of held-out
        ones. Rows of the same group (``groups``, (t,)) are held out together. On Ctrl-C each network keeps its best
        epoch, with a TrainingWarning.

        X may be packed rows of a table of any size (`chainrule.tables.pack`), which hold y: docs/guide/rows.md.

        Raises InputError for bad input, before training; DivergenceError if every network diverges.
        """
        return self._fit(X, y, sample_weight, X_val, y_val, sample_weight_val, groups)

    @suggesting_names
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains one epoch on new rows, at a constant learning rate, continuing from the current networks.

        A model of a file without ``training_state`` begins at a tenth of this rate, as its optimizer begins anew.
        The first call fits the encoder and the scale of y to its rows. All networks hold out ``validation_fraction`` of
        ten rows or more, the same ones whenever they come again; intervals and ``validation_score_`` are those of the
        last 1,000 held-out rows, as the networks predict them now. The history continues, with an epoch for each call.
        Recipes for sparse rows do not compete: the networks take them in turn. Raises InputError.
        """
        return self._partial_fit(X, y, sample_weight)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the R² on rows X (t, n) with labels y, or a table X of which y names a column.

        Of ``quantiles`` it is D² = 1 − Σ ℓ(quantiles, y)/Σ ℓ(those of y itself, y), with their pinball losses ℓ. A row
        of weight 0 may hold anything, and lack its label. Raises InputError, and as ``predict`` does.
        """
        X, y = self._rows_to_score(X, y, sample_weight)
        if isinstance(self.target_, QuantileLabels):
            model, table = self._model_and_rows(X)
            return model.score(table, y, sample_weight)
        return float(super().score(X, y, sample_weight))

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Floats:
        """Returns intervals that contain y with probability ≥ ``coverage``: (t, 2), or (t, m, 2) for m targets.

        Their width comes from the residuals of held-out rows (`chainrule.tables.intervals.conformal`). If all networks
        share their validation rows (one network, ``X_val``, the last rows, or after ``partial_fit``), the probability
        is guaranteed for rows exchangeable with those. Otherwise each residual comes from networks not trained on its
        row, and is made as much smaller as the average of all networks is more accurate, if held-out rows show it.

        Raises InputError for a coverage outside (0, 1), or with too few held-out rows for it; and as ``predict`` does.
        """
        model, table = self._model_and_rows(X)
        return model.predict_interval(table, coverage)

    def _as_labels(self, y: Any, symbol: str = "y") -> NDArray[Any]:
        if isinstance(y, TargetColumns):
            return stacked([as_numbers(column, repr(name)) for name, column in y.columns.items()])
        labels = as_targets(y, symbol)
        is_column = self.quantiles is not None and labels.ndim == 2 and labels.shape[1] == 1
        return labels[:, 0] if is_column else labels

    def _learn_target(
        self, labels: NDArray[Any], weights: Floats | None, recipe: Recipe, names: tuple[str, ...]
    ) -> NumericLabels:
        resolve("interval", self.interval, dict.fromkeys(INTERVALS))
        require_scale(labels, names)
        if self.quantiles is not None:
            return self._learn_quantiles(labels, weights)
        numbers = NumericLabels.fit(labels, weights, names)
        if isinstance(recipe.cost, Poisson):  # dividing y and a by the mean only scales J
            mean = np.where(numbers.mean > 0.0, numbers.mean, 1.0)
            return replace(numbers, mean=np.zeros(numbers.m), deviation=mean)
        if not self.scale_y or recipe.cost.outputs != INFINITE:
            return replace(numbers, mean=np.zeros(numbers.m), deviation=np.ones(numbers.m))
        return numbers

    def _learn_quantiles(self, labels: NDArray[Any], weights: Floats | None) -> QuantileLabels:
        if self.interval != "constant":
            raise InputError(f"quantiles have intervals of their own; leave out interval={self.interval!r}.")
        quantiles = QuantileLabels.of(labels, as_levels(self.quantiles), weights)
        if self.scale_y:
            return quantiles
        return replace(quantiles, mean=np.zeros(quantiles.m), deviation=np.ones(quantiles.m))

    def _encode_labels(self, labels: NDArray[Any], recipe: Recipe) -> tuple[Array, None]:
        Y = self.target_.standardised(labels)
        return recipe.cost.targets(Y, self.target_.m), None

    def _weighted(self, weights: Floats | None, labels: NDArray[Any], knows_classes: bool) -> Floats | None:
        return weights

    def _learn_spread(
        self, held_out: HeldOutPredictions, validation: Data, members: Sequence[Member], data: Data
    ) -> tuple[Network | None, HeldOutPredictions]:
        if self.interval != "scaled" or self.quantiles is not None:
            return None, held_out
        at = held_out.at
        R = self.target_.standardised(validation.labels[at]) - held_out.P
        numbers = at if validation is data else at + len(data.labels)  # no rows of training
        own = SpreadRows(validation.examples.at(at).X, held_out.P, R, held_out.weights, numbers)
        learned = learned_spread(own, rows_of_training(members, self.target_, data), self.engine)
        return (None, held_out) if learned is None else (learned.net, held_out._replace(spreads=learned.of_rows))

    def _calibrate(
        self, model: TableModel, labels: NDArray[Any], held_out: HeldOutPredictions
    ) -> tuple[TableModel, float]:
        k, target = len(model.networks), self.target_
        if isinstance(target, QuantileLabels):
            y = np.asarray(labels, dtype=np.float64).ravel()
            R = ensemble_residuals(held_out, y[:, None], target.sorted_outputs, k)
            self.target_ = target = target.corrected(R)
            score = d2_pinball(y, np.sort(y[:, None] - R + target.shifts), target.levels, held_out.weights)
            return replace(model, target=target), score
        Y = np.asarray(labels, dtype=np.float64).reshape(len(held_out.P), -1)
        R = ensemble_residuals(held_out, Y, target.in_units, k)
        S = 1.0 if held_out.spreads is None else held_out.spreads
        Z, P = target.standardised(Y), target.standardised(Y - S * R)  # whose squares are finite
        score = r_squared(Z, P, held_out.weights) if len(Y) > 1 else float("nan")
        return replace(model, residuals=thinned(np.sort(R, axis=0))), score

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
