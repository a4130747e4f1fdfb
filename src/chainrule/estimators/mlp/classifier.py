"""MLPClassifier: a replacement for scikit-learn's, with Chainrule's engines, activations and class weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
from sklearn.utils.validation import validate_data

from chainrule._internal.checks import Floats, shown
from chainrule.costs import CrossEntropy, LogLikelihood
from chainrule.engines.choice import EngineLike
from chainrule.estimators.examples import Examples
from chainrule.estimators.mlp.base import BaseMLP, require_stochastic
from chainrule.estimators.mlp.epoch_records import ReportedLoss
from chainrule.estimators.parameter_names import suggesting_names
from chainrule.estimators.scored_labels import ScoredLabels
from chainrule.estimators.weights import by_class, without_weightless
from chainrule.network import Network
from chainrule.training.callbacks.callback import Callback


class MLPClassifier(ScoredLabels, ClassifierMixin, BaseMLP):  # type: ignore[misc]  # scikit-learn has no types
    """A network for classification, with the interface of ``sklearn.neural_network.MLPClassifier``: swap the import.

    J(θ) = (Σⱼ wⱼ ℓ(N(x⁽ʲ⁾), y⁽ʲ⁾) + alpha/2 Σᵢ ‖W[i]‖²) / Σⱼ wⱼ over each minibatch, ℓ the cross-entropy of softmax
    outputs; for two classes, and for each of several labels, the log-likelihood of a sigmoid. Every parameter, fitted
    attribute, default and stopping rule is scikit-learn's, and so are the initial weights that ``random_state`` draws
    and the rows that early stopping holds out. Learning curves agree with scikit-learn's to rounding if no minibatch is
    drawn (lbfgs, ``shuffle=False`` or one batch); otherwise the order of the rows is Chainrule's own, and the curves
    agree in distribution. An epoch's loss is averaged by weight, and not cut off near 0, where scikit-learn's stops at
    −log ε. Training that diverges stops at once.

    Extensions:

    - ``activation`` may be any name of the catalogue ("mish", "gelu", "selu" …), or your own `chainrule.Activation`;
    - ``class_weight`` is None, "balanced" or a dict from classes to weights (several labels: a list of dicts); a row of
      weight 2 counts as two rows, also when held out, and a row of weight 0 is left out before anything is drawn;
    - ``precision``: "single" trains in float32, "double" in float64; "auto" in float32 with "sgd" and "adam" if rows
      × weights are 200,000 or more and four digits of each column's variation remain, else in X's number type. The
      fitted weights always have X's number type;
    - ``engine`` and ``threads`` are those of `chainrule.train`; `network_` is the `chainrule.Network`;
    - ``callbacks`` and ``callback_epochs`` are those of `NetworkClassifier`, for "adam", and for "sgd" with a constant
      learning rate: `chainrule.callbacks`, or functions of the `chainrule.History`, which stop training by True.

    A sparse X stays sparse: time and memory are those of its stored entries and of the weights.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from chainrule.estimators import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), MLPClassifier(max_iter=500, activation="mish", random_state=0))
    >>> bool(model.fit(X, y).score(X, y) > 0.95)
    True

    Source: the lecture, L9 – L17; Pedregosa et al., Scikit-learn: machine learning in Python, 2011.
    """

    loss: ClassVar[str] = "log_loss"
    _takes_sparse_labels: ClassVar[bool] = True

    @suggesting_names
    def __init__(
        self,
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
        class_weight: Any = None,
        precision: str = "auto",
        engine: EngineLike = "auto",
        threads: int | None = None,
        callbacks: Sequence[Callback] = (),
        callback_epochs: int | None = 1,
    ) -> None:
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
        self.class_weight = class_weight
        self.precision = precision
        self.engine = engine
        self.threads = threads
        self.callbacks = callbacks
        self.callback_epochs = callback_epochs

    # ---- labels, cost and score --------------------------------------------------------------------------------------

    def _validate(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, NDArray[Any], NDArray[Any]]:
        X, y = validate_data(
            self, X, y, accept_sparse=["csr", "csc"], multi_output=True, dtype=(np.float64, np.float32), reset=reset
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
        else:
            self._require_known_classes(unique_labels(y))
        return X, self._encoded(y), y.toarray() if hasattr(y, "toarray") else np.asarray(y)

    def _encoded(self, y: Any) -> NDArray[Any]:
        """Encodes labels as rows (t, m) of 0 and 1, much faster than scikit-learn's binarizer."""
        if self._label_binarizer.y_type_.startswith("multilabel"):
            labels: NDArray[Any] = np.asarray(self._label_binarizer.transform(y)).astype(bool)
            return labels
        one_hot: NDArray[Any] = np.asarray(y)[:, None] == self.classes_
        if len(self.classes_) > 2:
            return one_hot
        return one_hot[:, 1:] if len(self.classes_) == 2 else np.zeros_like(one_hot)

    def _require_known_classes(self, classes: NDArray[Any]) -> None:
        """Raises ValueError unless the classes of a later call are compatible with those of the first."""
        if self.warm_start:
            if set(classes) != set(self.classes_):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                    f"Previously got {self.classes_}, `y` has {classes}"
                )
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}."
            )

    def _row_weights(self, y: Any, weights: Floats | None, incremental: bool) -> Floats | None:
        y = y.toarray() if hasattr(y, "toarray") else y
        known = getattr(self, "classes_", None) if self.warm_start or incremental else None
        if y.ndim == 2 and y.shape[1] > 1:
            known = np.array([0, 1])
        return by_class(self.class_weight, y, weights, known, incremental=incremental)

    def _output_name(self) -> str:
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"

    def _loss(self, examples: Examples) -> ReportedLoss:
        kind = CrossEntropy if self.out_activation_ == "softmax" else LogLikelihood
        return ReportedLoss(kind(mean=True, l2=float(self.alpha), mean_penalty=True))

    def _strata(self, Y: NDArray[Any]) -> NDArray[Any] | None:
        return Y if self.n_outputs_ == 1 else None

    def _score_of(self, net: Network, examples: Examples) -> float:
        """Returns the accuracy; for several labels, the fraction of rows with all of them correct."""
        A = net(examples.X, engine=self.engine)
        if self.out_activation_ == "softmax":
            is_right = A.argmax(axis=1) == examples.Y.argmax(axis=1)
        else:
            is_right = ((A > 0.5) == examples.Y).all(axis=1)
        return float(np.average(is_right, weights=examples.weights))

    @available_if(require_stochastic)  # type: ignore[untyped-decorator, unused-ignore]
    @suggesting_names
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Trains one epoch on these rows, with the moments and the learning rate of the last call.

        The first call needs ``classes``, the classes of all calls.

        Raises ValueError for bad input or settings, with early stopping, and if training diverges.
        """
        X, y, sample_weight = without_weightless(X, y, sample_weight)
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if classes is not None and hasattr(self, "classes_"):
            if not np.array_equal(self.classes_, unique_labels(classes)):
                raise ValueError(
                    f"`classes={shown(classes)}` is not the same as on last call to partial_fit, "
                    f"was: {shown(self.classes_)}"
                )
        elif classes is not None:
            self.classes_ = unique_labels(classes)
            several = type_of_target(self._given_labels(y)).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if several else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    # ---- prediction --------------------------------------------------------------------------------------------------

    def predict(self, X: Any) -> NDArray[Any]:
        """Predicts the classes of the rows of X (t, n): (t,), or (t, k) for k labels."""
        A = self._outputs(X)
        if self._label_binarizer.y_type_.startswith("multilabel"):
            labels: NDArray[Any] = self._label_binarizer.inverse_transform(A[:, 0] if self.n_outputs_ == 1 else A)
        else:
            numbers = A.argmax(axis=1) if self.n_outputs_ > 1 else (A[:, 0] > 0.5) & (len(self.classes_) > 1)
            labels = self.classes_[numbers.astype(np.intp)]
        return labels

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Returns the probabilities of ``classes_`` (t, number of classes), or of the k labels (t, k)."""
        A = self._outputs(X)
        return np.hstack([1 - A, A]) if self.n_outputs_ == 1 else A

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Returns the logarithm of `predict_proba`, −∞ for a probability of 0."""
        A = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            log: NDArray[Any] = np.log(A, out=A)
        return log

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
