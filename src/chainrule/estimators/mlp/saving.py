"""Saving and loading of the MLP pair: network, labels, parameters and curves in one file."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.validation import check_is_fitted

from chainrule import activations as catalogue
from chainrule import files
from chainrule._internal.checks import Array, shown
from chainrule.activations import Sigma
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.estimators.mlp.stochastic import Solver
from chainrule.estimators.saving.settings import as_json, from_json, settings_parts, with_settings
from chainrule.estimators.saving.states import state_from_parts, state_parts
from chainrule.files import field
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import from_parts

KIND = "mlp"
PLAIN = (
    "n_features_in_", "n_outputs_", "n_layers_", "out_activation_", "n_iter_", "t_", "loss_", "best_loss_",
    "best_validation_score_", "_no_improvement_count",
)  # fmt: skip
TRAINING = ("_optimizer", "_best_theta")  # what continues training, beside the network
CURVES = ("loss_curve_", "validation_scores_")


class MLPSavingMixin:
    """``save`` and ``load`` of an estimator with ``network_``."""

    warm_start: bool
    network_: Any  # a property of the estimator

    def save(self, path: str | os.PathLike[str], *, training_state: bool | None = None) -> None:
        """Writes network, labels, parameters and curves to one file, for ``load`` of this class.

        With ``training_state`` the file also holds the moments and the learning rate with which ``partial_fit``
        continues; None means as ``warm_start``.

        Raises NotFittedError before ``fit``, InputError for labels that a file cannot store, OSError if the file
        cannot be written.
        """
        check_is_fitted(self, "coefs_")
        if training_state not in (None, True, False):
            raise InputError(f"training_state must be True, False or None; got {shown(training_state)}.")
        with_state = bool(self.warm_start) if training_state is None else training_state
        files.write(path, KIND, *_parts(self, with_state))

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> Self:
        """Reads the fitted estimator that ``save`` wrote: parameters, labels, predictions, curves.

        ``activations`` supplies your own σ, by name: a file holds no code, and none is executed.

        Raises OSError if the file cannot be read, FileFormatError if it does not hold an estimator of this class.
        """
        header, tensors = files.read(path, KIND)
        name = os.fsdecode(path)
        own = {key: catalogue.get(sigma) for key, sigma in (activations or {}).items()}
        is_classifier = "classes" in header
        if is_classifier != hasattr(cls, "predict_proba"):
            made_by = "MLPClassifier" if is_classifier else "MLPRegressor"
            raise FileFormatError(f"{name} holds an {made_by}. Read it by {made_by}.load.")
        try:
            estimator: Self = _restored(cls, name, header, tensors, own)
        except (ChainruleError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise FileFormatError(f"{name} is not a complete estimator: {str(error).rstrip('.')}.") from None
        return estimator

    def __getstate__(self) -> dict[str, Any]:
        """Returns what a pickle holds: without the state of training, unless ``warm_start`` needs it."""
        given: Any = super().__getstate__()
        left_out = {"_linked", *(() if self.warm_start else TRAINING)}
        return {name: value for name, value in given.items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)  # type: ignore[misc]  # of scikit-learn's base class
        self._link_again()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Returns a copy in memory, which continues training as the original does."""
        new = type(self).__new__(type(self))
        memo[id(self)] = new
        vars(new).update({name: copy.deepcopy(value, memo) for name, value in vars(self).items() if name != "_linked"})
        new._link_again()
        return new

    def _link_again(self) -> None:
        """Links ``coefs_`` to a network."""
        if hasattr(self, "coefs_"):
            self.network_  # noqa: B018


def _parts(mlp: Any, with_state: bool) -> tuple[dict[str, Any], dict[str, Array]]:
    """Returns the header and the tensors of a file."""
    parameters, lacking = settings_parts(mlp.get_params(deep=False))
    structure, tensors = files.network_parts(mlp.network_)
    header: dict[str, Any] = {
        "class": type(mlp).__name__,
        "parameters": parameters,
        **({"lacking": lacking} if lacking else {}),
        "fitted": {name: as_json(getattr(mlp, name)) for name in PLAIN if hasattr(mlp, name)},
        "network": structure,
    }
    for name in CURVES:
        if (curve := getattr(mlp, name, None)) is not None:
            tensors[name] = np.array(curve, dtype=np.float64)
    if hasattr(mlp, "feature_names_in_"):
        header["features"] = list(map(str, mlp.feature_names_in_))
    if hasattr(mlp, "classes_"):
        binarizer = mlp._label_binarizer
        header["classes"], shares = ClassLabels(mlp.classes_, np.ones(len(mlp.classes_))).parts("classes")
        header["labels"] = {"type": binarizer.y_type_, "sparse": bool(binarizer.sparse_input_)}
        tensors |= shares
    solver = getattr(mlp, "_optimizer", None)
    if with_state and solver is not None:
        header["learning_rate"] = float(solver.learning_rate)
        if solver.state is not None:
            header["state"], more = state_parts(solver.state, mlp.network_, 1)
            tensors |= more
    return header, tensors


def _restored(
    kind: type[Any], name: str, header: Mapping[str, Any], tensors: Mapping[str, Array], own: Mapping[str, Sigma]
) -> Any:
    mlp = with_settings(kind, name, header, own)
    fitted = field(header, "fitted", dict)
    vars(mlp).update({key: from_json(entry, own) for key, entry in fitted.items() if key in PLAIN})
    for key in CURVES:
        if key in tensors:
            setattr(mlp, key, tensors[key].tolist())
        elif hasattr(mlp, "best_loss_"):  # of a stochastic solver
            setattr(mlp, key, None)
    if "features" in header:
        mlp.feature_names_in_ = np.array(field(header, "features", list), dtype=object)
    if "classes" in header:
        classes, labels = from_parts(header["classes"], tensors, "classes"), field(header, "labels", dict)
        mlp.classes_ = classes.values  # type: ignore[union-attr]  # the header has classes
        binarizer = mlp._label_binarizer = LabelBinarizer().fit(mlp.classes_)
        binarizer.classes_ = mlp.classes_
        binarizer.y_type_, binarizer.sparse_input_ = field(labels, "type", str), field(labels, "sparse", bool)
    net = files.network_from_parts("the network", header.get("network"), tensors, own)
    mlp._link(net)
    if "learning_rate" in header:
        mlp._optimizer = Solver(field(header, "learning_rate", float))
        if "state" in header:
            mlp._optimizer.state = state_from_parts(header["state"], tensors, net, 1)
    return mlp
