"""MLPRegressor: a replacement for scikit-learn's, with Chainrule's engines and activations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d
from sklearn.utils.validation import validate_data

from chainrule._internal.checks import as_array
from chainrule.costs import Poisson, SumOfSquares
from chainrule.engines.choice import EngineLike
from chainrule.estimators.examples import Examples
from chainrule.estimators.mlp.base import BaseMLP
from chainrule.estimators.mlp.epoch_records import ReportedLoss
from chainrule.estimators.parameter_names import suggesting_names
from chainrule.estimators.scored_labels import ScoredLabels
from chainrule.network import Network
from chainrule.tables.scores import r_squared
from chainrule.training.callbacks.callback import Callback


class MLPRegressor(ScoredLabels, RegressorMixin, BaseMLP):  # type: ignore[misc]  # scikit-learn has no types
    """A network for regression, with the interface of ``sklearn.neural_network.MLPRegressor``: swap the import.

    J(θ) = (Σⱼ wⱼ ℓ(N(x⁽ʲ⁾), y⁽ʲ⁾) + alpha/2 Σᵢ ‖W[i]‖²) / Σⱼ wⱼ over each minibatch, ℓ = ½ ‖a − y‖², or with
    ``loss="poisson"`` half the Poisson deviance of a = eᶻ. As with `MLPClassifier`, parameters, attributes, rules,
    initial weights and held-out rows are scikit-learn's, and ``activation``, ``precision``, ``engine``, ``threads``,
    ``callbacks`` and `network_` are extensions. For m outputs the reported loss is J/m, as in scikit-learn, which
    however does not divide the penalty by m.

    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from chainrule.estimators import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> mlp = MLPRegressor(hidden_layer_sizes=(10,), solver="lbfgs", alpha=10.0, max_iter=999, tol=1e-3, random_state=0)
    >>> scaled = TransformedTargetRegressor(mlp, transformer=StandardScaler())
    >>> model = make_pipeline(StandardScaler(), scaled).fit(X, y)
    >>> bool(model.score(X, y) > 0.5)
    True

    Source: the lecture, L9 – L17; Pedregosa et al., Scikit-learn: machine learning in Python, 2011.
    """

    @suggesting_names
    def __init__(
        self,
        loss: str = "squared_error",
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        precision: str = "auto",
        engine: EngineLike = "auto",
        threads: int | None = None,
        callbacks: Sequence[Callback] = (),
        callback_epochs: int | None = 1,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.precision = precision
        self.engine = engine
        self.threads = threads
        self.callbacks = callbacks
        self.callback_epochs = callback_epochs

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[Any], NDArray[Any]]:
        if getattr(getattr(y, "dtype", None), "kind", "") in ("O", "U"):  # texts; the error names one
            as_array(y, "y")
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, y_numeric=True,
            dtype=(np.float64, np.float32), reset=reset,
        )  # fmt: skip
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, (y[:, None] if y.ndim == 1 else y), y

    def _output_name(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"

    def _loss(self, examples: Examples) -> ReportedLoss:
        penalty: dict[str, Any] = {"mean": True, "l2": float(self.alpha), "mean_penalty": True}
        if self.loss == "squared_error":
            return ReportedLoss(SumOfSquares(**penalty), scale=1.0 / self.n_outputs_)
        Y = examples.Y.astype(np.float64)
        constant = np.where(Y > 0, Y * np.log(np.where(Y > 0, Y, 1.0)), 0.0) - Y  # half the deviance is ℓ and this
        return ReportedLoss(Poisson(**penalty), shift=float(np.average(constant.sum(axis=1), weights=examples.weights)))

    def _score_of(self, net: Network, examples: Examples) -> float:
        """Returns R², averaged over the outputs; NaN if an error is not finite."""
        A, Y = net(examples.X, engine=self.engine).astype(np.float64), examples.Y.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            is_finite = np.isfinite((Y - A) ** 2).all()
            return r_squared(Y, A, examples.weights) if is_finite else math.nan

    def predict(self, X: Any) -> NDArray[Any]:
        """Predicts N(x) for each row of X (t, n): (t,), or (t, m) for m > 1 outputs."""
        A = self._outputs(X)
        return A[:, 0] if A.shape[1] == 1 else A

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
