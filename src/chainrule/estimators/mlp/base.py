"""The common base of MLPClassifier and MLPRegressor."""

from __future__ import annotations

import math
import operator
from abc import abstractmethod
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule._internal.checks import Floats, refuse_masked
from chainrule._internal.logger import DEBUG, logger_at
from chainrule._internal.sparse_rows import Rows, as_sparse_rows
from chainrule._internal.user_warnings import warn
from chainrule.diagnosis.dead_units import dead_layer
from chainrule.errors import TrainingWarning
from chainrule.estimators.column_scales import ColumnScales
from chainrule.estimators.examples import Examples
from chainrule.estimators.label_counts import no_labels, require_label_per_row
from chainrule.estimators.mlp.epoch_records import EpochRecorder, ReportedLoss
from chainrule.estimators.mlp.inspection import MLPInspectionMixin
from chainrule.estimators.mlp.messages import log_end, say
from chainrule.estimators.mlp.saving import MLPSavingMixin
from chainrule.estimators.mlp.settings import STOCHASTIC, as_hidden_sizes, as_sigma, require_valid_settings
from chainrule.estimators.mlp.stochastic import Solver, fit_stochastic
from chainrule.estimators.parameter_names import ParameterNamesMixin, suggesting_names
from chainrule.estimators.random_states import LARGEST_DRAWN_SEED, as_random_state
from chainrule.estimators.sklearn_callbacks import CallbackSupportMixin, Hooks, has_callbacks, with_callbacks
from chainrule.estimators.weights import counted_rows, rows_of, without_weightless
from chainrule.network import Layer, Network, few_outputs
from chainrule.training.lbfgs import train_lbfgs

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)
LARGE = 2e5  # rows × weights above which "auto" trains in single precision
OUTPUTS = {"logistic": "sigmoid"}  # names of σ[r] in which scikit-learn differs


def require_stochastic(estimator: Any) -> bool:
    """Returns True for a stochastic solver, which `partial_fit` needs; raises AttributeError for any other."""
    if estimator.solver not in STOCHASTIC:
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True


class BaseMLP(
    MLPInspectionMixin, MLPSavingMixin, CallbackSupportMixin, ParameterNamesMixin, BaseEstimator,  # type: ignore[misc]  # scikit-learn has no types
):  # fmt: skip
    """Trains a network as scikit-learn's MLPs do; subclasses define the labels, the cost and the score."""

    # ---- defined by the subclasses -----------------------------------------------------------------------------------

    _given_labels: Any  # of `ScoredLabels`

    @abstractmethod
    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[Any], NDArray[Any]]:
        """Returns X checked, the labels as targets of the cost (t, m), and the labels as given."""

    @abstractmethod
    def _loss(self, examples: Examples) -> ReportedLoss:
        """Returns the cost, with the map from J to scikit-learn's loss."""

    @abstractmethod
    def _output_name(self) -> str:
        """Returns scikit-learn's name of σ[r]."""

    @abstractmethod
    def _score_of(self, net: Network, examples: Examples) -> float:
        """Returns the score for early stopping."""

    def _row_weights(self, y: Any, weights: Floats | None, incremental: bool) -> Floats | None:
        """Returns the weights of the rows (t,), multiplied by those of their classes."""
        return weights

    def _strata(self, Y: NDArray[Any]) -> NDArray[Any] | None:
        """Returns the labels by which held-out rows are stratified, or None."""
        return None

    # ---- training ----------------------------------------------------------------------------------------------------

    @suggesting_names
    @with_callbacks
    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Trains on X (t, n), an array or a sparse matrix, and y (t,) or (t, m); ``sample_weight`` is (t,).

        scikit-learn's callbacks (1.9 and later, ``set_callbacks``) are called after each epoch and may stop training.

        Raises ValueError for bad input or settings, and if training diverges.
        """
        return self._fit(X, y, sample_weight, incremental=False)

    @available_if(require_stochastic)  # type: ignore[untyped-decorator, unused-ignore]
    @suggesting_names
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Trains one epoch on these rows, with the moments and the learning rate of the last call.

        Raises ValueError for bad input or settings, with early stopping, and if training diverges.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def _fit(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> Self:
        require_valid_settings(self.get_params(deep=False))
        sizes = as_hidden_sizes(self.hidden_layer_sizes)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y, weights = self._counted_rows(X, y, sample_weight, incremental)
        refuse_masked(X, "X")
        X, Y, y = self._validate(X, y, incremental, reset=first)
        counted = counted_rows(weights, X.shape[0], X.dtype)
        if self.early_stopping and incremental and self.solver in STOCHASTIC:
            raise ValueError("partial_fit does not support early_stopping=True")
        self.n_outputs_ = Y.shape[1]
        rng = as_random_state(self.random_state)
        if first:
            self._start([X.shape[1], *sizes, self.n_outputs_], X.dtype, rng)
        rows: Rows = as_sparse_rows(X, "X", X.dtype) if hasattr(X, "tocsr") else X
        examples = Examples(rows, Y, weights).at(counted)
        scales = ColumnScales(examples.X)
        if not incremental:
            scales.warn_about_scale(getattr(self, "feature_names_in_", None))
        fitted = self.network_
        self._require_same_sizes(fitted, [X.shape[1], *sizes, self.n_outputs_])
        number_type = self._number_type(scales, examples.Y)
        net = fitted if fitted.dtype == number_type else fitted.astype(number_type)
        if examples.X.dtype != net.dtype:
            examples = examples._replace(X=examples.X.astype(net.dtype))
        hooks = Hooks(self, 1, int(self.max_iter), X, y) if has_callbacks(self) and not incremental else None
        if self.solver in STOCHASTIC:
            diverged = self._fit_stochastic(net, examples, rng, incremental, hooks)
        else:
            diverged = self._fit_lbfgs(net, examples, hooks)
        if hooks is not None:
            hooks.end(lambda: self._as_fitted(net))
        if net is not fitted:
            fitted.theta = net.theta
        if diverged is not None:
            if not self.early_stopping or self.solver not in STOCHASTIC:
                raise ValueError(f"{NOT_FINITE} {diverged}")
            warn(f"{diverged} Keeping the best weights so far.", ConvergenceWarning)
        if not incremental:
            log_end(self)
            self._warn_of_dead_units(net, examples)
        return self

    def _counted_rows(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> tuple[Any, Any, Floats | None]:
        """Returns the rows of positive weight, their labels and their weights, multiplied by those of the classes."""
        X, y, given = without_weightless(X, y, sample_weight)
        if y is None:
            raise no_labels()
        y = self._given_labels(y)
        require_label_per_row(X, y)
        weights = self._row_weights(y, given, incremental)
        if weights is None or (weights > 0.0).all():
            return X, y, weights
        rows = counted_rows(weights, len(weights), weights.dtype)
        return *rows_of(X, y, rows), weights[rows]

    def _as_fitted(self, net: Network) -> dict[str, Any]:
        """Returns the attributes that an estimator fitted with this network would have."""
        names = (
            "n_features_in_", "feature_names_in_", "classes_", "_label_binarizer", "n_layers_", "n_outputs_",
            "out_activation_", "n_iter_",
        )  # fmt: skip
        copy = net.astype(self.coefs_[0].dtype)
        weights = {"coefs_": [W.T for W in copy.W], "intercepts_": list(copy.b)}
        return {name: getattr(self, name) for name in names if hasattr(self, name)} | weights

    def _warn_of_dead_units(self, net: Network, examples: Examples) -> None:
        if dead := dead_layer(net, examples.X):
            remedy = 'Try a smaller learning_rate_init, scaled inputs, or activation="elu", "gelu" or "mish".'
            warn(f"{dead} {remedy}", TrainingWarning)

    def _start(self, sizes: list[int], dtype: Any, rng: np.random.RandomState) -> None:
        """Draws the initial θ as scikit-learn does: U[−c, c), c² = 6/(mᵢ₋₁ + mᵢ), or 2/(mᵢ₋₁ + mᵢ) for sigmoids."""
        factor = 2.0 if as_sigma(self.activation).name == "sigmoid" else 6.0
        self.n_layers_ = len(sizes)
        self.out_activation_ = self._output_name()
        self.coefs_, self.intercepts_ = [], []
        for n, m in pairwise(sizes):
            bound = math.sqrt(factor / (n + m))
            self.coefs_.append(rng.uniform(-bound, bound, (n, m)).astype(dtype, copy=False))
            self.intercepts_.append(rng.uniform(-bound, bound, m).astype(dtype, copy=False))
        self.n_iter_ = self.t_ = 0
        for name in ("loss_curve_", "validation_scores_", "_best_theta", "_optimizer"):
            self.__dict__.pop(name, None)

    def _require_same_sizes(self, net: Network, sizes: list[int]) -> None:
        if list(net.m) != sizes:
            raise ValueError(
                f"the fitted network has layers of {list(net.m)} units; this fit needs {sizes}. With warm_start or "
                "partial_fit, keep hidden_layer_sizes and the number of outputs, or fit a clone."
            )

    def _number_type(self, scales: ColumnScales, Y: NDArray[Any]) -> Any:
        """Returns float32 or float64, according to ``precision``."""
        if self.precision != "auto":
            return np.dtype(np.float32 if self.precision == "single" else np.float64)
        given = self.coefs_[0].dtype
        if given == np.float32 or self.solver not in STOCHASTIC:
            return given
        large = len(Y) * sum(W.size for W in self.coefs_) >= LARGE  # smaller problems gain nothing
        fits = large and scales.fits_single() and (Y.dtype.kind == "b" or ColumnScales(Y).fits_single())
        return np.dtype(np.float32 if fits else np.float64)

    def _fit_stochastic(
        self, net: Network, examples: Examples, rng: np.random.RandomState, incremental: bool, hooks: Hooks | None
    ) -> str | None:
        if not incremental or not hasattr(self, "_optimizer"):
            self._optimizer = Solver(float(self.learning_rate_init))
        self._prepare_records()
        held_out = None
        if self.early_stopping:
            examples, held_out = self._hold_out(examples, rng)
            if getattr(self, "_best_theta", None) is None:
                self._best_theta = net.theta.copy()
        seed = int(rng.randint(LARGEST_DRAWN_SEED))
        recorder = EpochRecorder(self, net, self._loss(examples), len(examples.X), held_out, hooks)
        return fit_stochastic(self, net, examples, recorder, seed, incremental)

    def _prepare_records(self) -> None:
        """Initialises the records of training; a warm start continues the existing ones."""
        early = bool(self.early_stopping)
        if getattr(self, "loss_curve_", None) is None:
            self.loss_curve_: list[float] = []
            self._no_improvement_count = 0
        if early and getattr(self, "validation_scores_", None) is None:
            self.validation_scores_: list[float] | None = []
            self.best_validation_score_: float | None = -math.inf
            self.best_loss_: float | None = None
        if not early and (not hasattr(self, "best_loss_") or self.best_loss_ is None or not self.loss_curve_):
            self.validation_scores_, self.best_validation_score_, self.best_loss_ = None, None, math.inf

    def _hold_out(self, examples: Examples, rng: np.random.RandomState) -> tuple[Examples, Examples]:
        """Returns the training rows and the held-out rows, drawn as scikit-learn draws them."""
        trained, held_out = map(
            examples.at,
            train_test_split(
                np.arange(len(examples.X)), random_state=rng, test_size=self.validation_fraction,
                stratify=self._strata(examples.Y),
            ),
        )  # fmt: skip
        if len(held_out.X) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return trained, held_out

    def _fit_lbfgs(self, net: Network, examples: Examples, hooks: Hooks | None) -> str | None:
        loss, is_watched = self._loss(examples), self.verbose or hooks is not None or logger_at(DEBUG) is not None

        def report(k: int, J: float) -> bool:
            say(self, f"Iteration {k}, loss = {loss.of(J):.8f}")
            return hooks is not None and hooks.epoch(0, k, lambda: self._as_fitted(net))

        minimum = train_lbfgs(
            net, examples.X, examples.Y, cost=loss.cost, weights=examples.weights, epochs=self.max_iter,
            evaluations=self.max_fun, tol=self.tol,
            callback=report if is_watched else None, engine=self.engine,
        )  # fmt: skip
        self.n_iter_, self.loss_ = minimum.iterations, loss.of(minimum.J)
        if minimum.stopped == "diverged":
            return "J or its gradient is not finite at the initial weights."
        if minimum.stopped not in ("converged", "callback"):
            warn(
                f"lbfgs failed to converge after {minimum.iterations} iteration(s) ({minimum.message}): the largest "
                f"entry of the gradient is {minimum.gradient_norm:.3g}, and tol={self.tol:g}.\n\nIncrease the number "
                f"of iterations (max_iter={self.max_iter}, max_fun={self.max_fun}), or scale the data, to improve the "
                "convergence.",
                ConvergenceWarning,
            )
        return None

    # ---- the fitted network ------------------------------------------------------------------------------------------

    @property
    def network_(self) -> Network:
        """The fitted network; ``coefs_[i − 1]`` is W[i]ᵀ and ``intercepts_[i − 1]`` is b[i], views into its θ."""
        if not hasattr(self, "coefs_"):
            raise NotFittedError(f"This {type(self).__name__} instance is not fitted yet; call fit before network_.")
        linked = self.__dict__.get("_linked")
        now = (self.activation, *self.coefs_, *self.intercepts_)
        if linked is not None and len(now) == len(linked[1]) and all(map(operator.is_, now, linked[1])):
            return linked[0]  # type: ignore[no-any-return]
        hidden, output = as_sigma(self.activation), OUTPUTS.get(self.out_activation_, self.out_activation_)
        sigmas = [hidden] * (len(self.coefs_) - 1) + [output]
        net = Network(
            Layer(np.asarray(W).T, b, sigma) for W, b, sigma in zip(self.coefs_, self.intercepts_, sigmas, strict=True)
        )
        self._link(net)
        return net

    def _link(self, net: Network) -> None:
        """Makes ``coefs_`` and ``intercepts_`` views into θ, so that a change of one changes the other."""
        self.coefs_, self.intercepts_ = [W.T for W in net.W], list(net.b)
        self._linked = (net, (self.activation, *self.coefs_, *self.intercepts_))

    def _outputs(self, X: Any) -> NDArray[Any]:
        """Returns N(x) for each row of X (t, n): (t, m)."""
        if not hasattr(self, "coefs_"):
            check_is_fitted(self, "coefs_")
        net = self.network_
        if self.engine == "auto" and not hasattr(self, "feature_names_in_"):  # scikit-learn's checks take 0.1 ms
            few = few_outputs(net, X)
            if few is not None and few.ndim == 2:
                return few
        refuse_masked(X, "X")
        X = validate_data(self, X, accept_sparse=["csr", "csc"], reset=False)
        return net(X, engine=self.engine)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
