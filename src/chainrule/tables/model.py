"""A saved model of tables: encoder, networks and target decoder in one file; needs no scikit-learn."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import activations as catalogue
from chainrule import files
from chainrule._internal.at_first_use import cached_property
from chainrule._internal.checks import Array, Floats, as_weights
from chainrule._internal.sparse_rows import Rows
from chainrule.activations import Sigma
from chainrule.engines.choice import joint_shortcut
from chainrule.errors import ChainruleError, FileFormatError, InputError
from chainrule.network import Network
from chainrule.tables.calibration import (
    UNCALIBRATED,
    Calibrations,
    calibrated,
    calibration_from_parts,
    calibration_parts,
)
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.row_encoder import NeedsTable, RowEncoder
from chainrule.tables.estimator_record import EstimatorRecord
from chainrule.tables.intervals.conformal import bounds
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.intervals.spread import require_spread, spread_of
from chainrule.tables.labels import as_targets, label_array
from chainrule.tables.reading.read import AnyTable, read
from chainrule.tables.row_predictor import RowPredictor
from chainrule.tables.scores import accuracy, r_squared, subset_accuracy
from chainrule.tables.table import known_column
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets import decoders
from chainrule.tables.targets.decoders import Target, known_labels
from chainrule.tables.targets.given_targets import frame_of_targets, named_columns
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.targets.target_columns import TargetColumns

KIND = "table model"
MOST_SINGLE_ROWS, MOST_COLUMNS = 64, 1_000  # of dicts or lists that are encoded one by one; more are faster as a table


@dataclass(frozen=True, eq=False, repr=False)
class TableModel:
    """Networks N₁ … N_k that share an encoder; the decoder turns a = (1/k) Σⱼ Nⱼ(encoder(x)) into predictions.

    For classification a (t, k) are probabilities p (``network_outputs``), which are calibrated: P(class c) = p_c^(1/T)
    / Σ p^(1/T) with the temperature T, after smoothing of labels is taken out of p (`Calibration`). For several labels
    a (t, q) are the probabilities of each, with a calibration for each. For regression a (t, m) is converted to the
    targets' own units.

    Fields: ``encoder``; ``target``, the decoder; ``networks``; ``calibration``; ``residuals`` (t, m), y − ŷ of held-out
    rows, divided by their spread, each column sorted, or None; ``about``, JSON that describes how the model was made
    and affects nothing; ``estimator``, what a file holds for ``NetworkClassifier.load`` and ``NetworkRegressor.load``;
    ``spread``, a network for the spread of y by x (`spread_of`), or None.

    >>> import chainrule as cr
    >>> encoder = TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [4.0, "green"]])
    >>> net = cr.Network.dense([encoder.n_features_out_, 2], output="softmax", initial="zeros")
    >>> model = TableModel(encoder, ClassLabels.fit(["no", "yes", "yes"]), (net,))
    >>> model.predict_proba([[3.0, "red"]]).tolist(), model.predict([[3.0, "red"]]).tolist()
    ([[0.5, 0.5]], ['no'])
    """

    encoder: TableEncoder
    target: Target
    networks: tuple[Network, ...]
    calibration: Calibrations = UNCALIBRATED
    residuals: Floats | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    estimator: EstimatorRecord | None = None
    spread: Network | None = None

    def __repr__(self) -> str:
        kinds = {"classification": "classes", "multilabel": "labels", "regression": "numbers"}
        what = f"{self.target.width} {kinds[self.target.task]}"
        return (
            f"TableModel({self.encoder.n_features_in_} columns → {what}, {len(self.networks)} × {self.networks[0]!r})"
        )

    def outputs(self, X: Any) -> Floats:
        """Returns the networks' mean outputs a for the rows of a table: (t, k) for k classes, (t, m) for m targets."""
        return self.outputs_of(self._encoded(X))

    def _encoded(self, X: Any) -> Rows:
        """Returns encoded rows (t, n): a few dicts or lists one by one, which is much faster than as a table."""
        rows = [X] if type(X) is dict else X if type(X) is list and len(X) <= MOST_SINGLE_ROWS else ()
        kinds = {type(row) for row in rows}
        if kinds in ({dict}, {list}) and self.encoder.n_features_in_ <= MOST_COLUMNS:
            encode = self._row_encoders[kinds == {dict}]
            with suppress(NeedsTable):
                return np.array([encode(row) for row in rows], dtype=self.encoder.dtype)
        return self.encoder.encode(X)

    @cached_property
    def _row_encoders(self) -> tuple[RowEncoder, RowEncoder]:
        """The encoders of lists and of dicts."""
        return RowEncoder(self.encoder, by_name=False), RowEncoder(self.encoder, by_name=True)

    def outputs_of(self, Z: Rows) -> Floats:
        """Returns the networks' mean outputs a for encoded rows Z (t, n)."""
        A = np.zeros((len(Z), self.target.width))
        few = self.few(Z)
        if few is None:
            for net in self.networks:
                A += network_outputs(net, Z, self.target)
        else:
            for outputs in _target_outputs(few, self.networks[0], self.target):
                A += outputs
        return A / len(self.networks)

    @cached_property
    def few(self) -> Callable[[object], Array | None]:
        """Computes all N(z) (k, t, m) of one row or a few, (t, n), by one compiled call; None for others."""
        return joint_shortcut(self.networks)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("few", "_row_encoders")}

    def predict_proba(self, X: Any) -> Floats:
        """Returns P (t, k) of the classes, or P (t, q) of each label. Raises InputError for regression.

        The columns are those of ``classes_``, in order.
        """
        if isinstance(self.target, NumericLabels):
            raise InputError("this is a regression model; it has no class probabilities. Use predict(X).")
        return self.probabilities_of(self.outputs(X))

    def predict_log_proba(self, X: Any) -> Floats:
        """Returns the logarithm of ``predict_proba``, −∞ for a probability of 0. Raises InputError for regression."""
        with np.errstate(divide="ignore"):
            logarithms: Floats = np.log(self.predict_proba(X))
        return logarithms

    def probabilities_of(self, A: Floats) -> Floats:
        """Returns the probabilities that ``predict_proba`` makes of mean outputs A of a classification model."""
        return calibrated(A, self.calibration)

    def predict(self, X: Any) -> NDArray[Any]:
        """Returns the most probable class of each row (t,), or for regression numbers (t,) or (t, m), or quantiles.

        Of several labels it returns (t, q): those with a probability above ½, in the values of y, as 0 and 1.
        """
        return self.predictions_of(self.outputs(X))

    def predictions_of(self, A: Floats) -> NDArray[Any]:
        """Returns the predictions that ``predict`` makes of mean outputs A."""
        if isinstance(self.target, IndicatorLabels):
            return self.target.labels(A > 0.5)
        if isinstance(self.target, ClassLabels):
            return self.target.labels(self.target.most_probable(A))
        return self.target.restored(A)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Floats:
        """Returns intervals (t, 2), or (t, m, 2) for m targets, that contain y with probability ≥ ``coverage``.

        The intervals of a model of several quantiles lie between two of them. Raises InputError for classification,
        without held-out rows or with too few for the coverage (``bounds``), or without quantiles for it.
        """
        if not isinstance(self.target, NumericLabels):
            raise InputError("this is a classification model; it has no intervals. Use predict_proba(X).")
        self.require_interval(coverage)
        Z = self._encoded(X)
        return self.intervals_of(Z, self.outputs_of(Z), coverage)

    def intervals_of(self, Z: Rows, A: Floats, coverage: object) -> Floats:
        """Returns the intervals of ``predict_interval`` for encoded rows Z (t, n) with mean outputs A (t, m)."""
        assert isinstance(self.target, NumericLabels)
        ends = self.interval_ends(Z, A, coverage)
        return ends[:, 0] if self.target.is_flat or isinstance(self.target, QuantileLabels) else ends

    def require_interval(self, coverage: object) -> None:
        """Raises InputError if the model has no intervals of this coverage."""
        if isinstance(self.target, QuantileLabels):
            self.target.pair(coverage)
        else:
            bounds(self.residuals, coverage)

    def interval_ends(self, Z: Rows, A: Floats, coverage: object) -> Floats:
        """Returns the ends of intervals (t, m, 2) for encoded rows Z (t, n) with mean outputs A (t, m).

        Those of quantiles are (t, 1, 2). Raises InputError as `require_interval` does.
        """
        assert isinstance(self.target, NumericLabels)
        if isinstance(self.target, QuantileLabels):
            return self.target.in_units(A)[:, None, self.target.pair(coverage)]
        low, high = bounds(self.residuals, coverage)
        Y = self.target.in_units(A)
        S = 1.0 if self.spread is None else spread_of(self.spread, Z, A)
        return np.stack([Y + S * low, Y + S * high], axis=-1)

    @property
    def classes_(self) -> NDArray[Any]:
        """The classes (k,), in the order of the probabilities; or the names of the labels, or their numbers 0 to q − 1.

        A regression model has none.
        """
        if isinstance(self.target, NumericLabels):
            raise AttributeError("this is a regression model; it has no classes_.")
        return self.target.values if isinstance(self.target, ClassLabels) else self.target.classes

    @property
    def target_names(self) -> tuple[str, ...]:
        """The names of the columns that are predicted, in order; () if they are not known."""
        names = () if isinstance(self.target, ClassLabels) else self.target.names
        column = self.about.get("column")
        return names or ((column,) if isinstance(column, str) else ())

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Returns the accuracy, R² (the mean of that of m targets), or D² of quantiles, on rows X (t, n) with labels y.

        y is (t,) or (t, m), or the name of a column of X, or a list of such names; ``sample_weight`` (t,) weights the
        rows. Of several labels, all must be right. A constant y has R² = 1 if it is predicted exactly, else 0. Raises
        InputError for labels that the model cannot have.
        """
        table, y = self._rows_and_labels(read(X), y)
        w = as_weights(sample_weight, len(table), np.float64)
        if len(y) != len(table):
            raise InputError(f"y must have {len(table)} labels, one for each row of X; got {len(y)}.")
        if isinstance(self.target, ClassLabels):
            return accuracy(self.target.class_numbers(y), self.outputs(table).argmax(axis=1), w)
        if isinstance(self.target, IndicatorLabels):
            return subset_accuracy(self.target.indicators(y), self.outputs(table) > 0.5, w)
        if isinstance(self.target, QuantileLabels):
            return self.target.d2(self.outputs(table), np.ravel(y).astype(np.float64), w)
        deviations = self.target.standardised(y)
        return r_squared(deviations, self.outputs(table), w)

    def _rows_and_labels(self, table: AnyTable, y: Any) -> tuple[AnyTable, Any]:
        """Returns a table and its labels, which are taken out of it if y names their columns."""
        if (frame := frame_of_targets(y)) is not None:
            columns = {name: frame.column(name) for name in frame.names}
            return table, known_labels(self.target, columns, self.encoder.missing)
        if (names := named_columns(y, table.names, len(table))) is None:
            if isinstance(self.target, IndicatorLabels):
                return table, y if isinstance(y, TargetColumns) else label_array(y)
            return table, as_targets(y)
        columns = {known_column(name, table.names, table.origin): table.column(name) for name in names}
        return table.without(*columns), known_labels(self.target, columns, self.encoder.missing)

    def row_predictor(self) -> RowPredictor:
        """Returns a fast predictor of single rows, for a service: a few μs a row, without pandas and Arrow.

        >>> import chainrule as cr
        >>> encoder = TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [4.0, "green"]])
        >>> net = cr.Network.dense([encoder.n_features_out_, 2], output="softmax", initial="zeros")
        >>> rows = TableModel(encoder, ClassLabels.fit(["no", "yes", "yes"]), (net,)).row_predictor()
        >>> rows.predict([3.0, "red"]), rows.predict_proba([3.0, "red"])
        ('no', [0.5, 0.5])
        """
        return RowPredictor(self)

    def save(self, path: str | os.PathLike[str], *, replace: bool = True) -> None:
        """Writes the model atomically, in place of an older file, unless ``replace`` is False.

        Raises InputError for labels or a σ that a file cannot store, OSError if the file cannot be written:
        FileExistsError if there is one that must not be replaced.
        """
        encoder, tensors = self.encoder.parts()
        target, more = self.target.parts()
        tensors |= more
        networks = []
        for j, net in enumerate(self.networks, 1):
            structure, own = files.network_parts(net)
            networks.append(structure)
            tensors |= {f"networks[{j}].{name}": array for name, array in own.items()}
        if self.residuals is not None:  # another name where they mean something else, for readers without the spread
            tensors["residuals" if self.spread is None else "scaled_residuals"] = self.residuals
        header = {
            "encoder": encoder, "target": target, "networks": networks,
            **calibration_parts(self.calibration), "about": dict(self.about),
        }  # fmt: skip
        if self.spread is not None:
            header["spread"], own = files.network_parts(self.spread)
            tensors |= {f"spread.{name}": array for name, array in own.items()}
        if self.estimator is not None:
            header["estimator"], more = self.estimator.parts()
            tensors |= more
        files.write(path, KIND, header, tensors, replace=replace)

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> TableModel:
        """Reads a model that ``save`` wrote, bit for bit; ``activations`` supplies your own σ, by name.

        Raises OSError if the file cannot be read, FileFormatError if it does not hold a complete model.
        """
        return cls.from_parts(os.fspath(path), *files.read(path, KIND), activations=activations)

    @classmethod
    def from_parts(
        cls,
        name: str,
        header: Mapping[str, Any],
        tensors: Mapping[str, Array],
        *,
        activations: Mapping[str, Sigma] | None = None,
    ) -> TableModel:
        """Builds a model from a file's header and tensors. Raises FileFormatError; its message begins with ``name``."""
        own = {key: catalogue.get(sigma) for key, sigma in (activations or {}).items()}
        try:
            model = _from_parts(header, tensors, own)
            _require_complete(model)
        except (ChainruleError, KeyError, TypeError, ValueError) as error:
            raise FileFormatError(f"{name} is not a complete model: {str(error).rstrip('.')}.") from None
        return model


def load(path: str | os.PathLike[str], *, activations: Mapping[str, Sigma] | None = None) -> TableModel:
    """Reads a model that the ``save(path)`` of an estimator, or of a `TableModel`, wrote (``TableModel.load``).

    Raises OSError if the file cannot be read, FileFormatError if it does not hold a complete model.

    >>> import chainrule as cr, tempfile, os
    >>> encoder = TableEncoder().fit([[1.0], [2.0], [4.0]])
    >>> model = TableModel(encoder, NumericLabels.fit([1.0, 2.0, 4.0]), (cr.Network.dense([1, 1], initial="zeros"),))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     model.save(path)
    ...     load(path).predict([[3.0]]).round(3)
    array([2.333])
    """
    return TableModel.load(path, activations=activations)


def network_outputs(net: Network, Z: Rows, target: Target) -> Floats:
    """Returns N(z) of encoded rows Z (t, n): (t, m) for regression, probabilities (t, k) for k classes or labels.

    A single output is the probability p of the second of two classes; it becomes (1 − p, p). The outputs of several
    sigmoids are divided by their sum.
    """
    return _target_outputs(net(Z), net, target)


def _target_outputs(outputs: Array, net: Network, target: Target) -> Floats:
    """Returns outputs (…, m) of networks like ``net`` as `network_outputs` does."""
    A: Floats = np.asarray(outputs, dtype=np.float64)
    if not isinstance(target, ClassLabels) or net.sigma[net.r].name == "softmax":
        return A
    if A.shape[-1] == 1:
        return np.concatenate([1.0 - A, A], axis=-1)
    P: Floats = A / np.maximum(A.sum(axis=-1, keepdims=True), np.finfo(np.float64).tiny)
    return P


def _from_parts(header: Mapping[str, Any], tensors: Mapping[str, Array], own: Mapping[str, Sigma]) -> TableModel:
    structures = files.field(header, "networks", list)
    spread = None
    if "spread" in header:
        spread = files.network_from_parts("the spread", header["spread"], _of("spread.", tensors), own)
    residuals = tensors.get("residuals" if spread is None else "scaled_residuals")
    return TableModel(
        TableEncoder.from_parts(header.get("encoder"), tensors),
        decoders.from_parts(header.get("target"), tensors),
        tuple(
            files.network_from_parts(f"network {j}", structure, _of(f"networks[{j}].", tensors), own)
            for j, structure in enumerate(structures, 1)
        ),
        calibration_from_parts(header),
        None if residuals is None else residuals.astype(np.float64),
        files.field(header, "about", dict),
        EstimatorRecord.from_parts(header["estimator"], tensors) if "estimator" in header else None,
        spread,
    )


def _of(prefix: str, tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Returns the tensors whose names begin with ``prefix``, under their names without it."""
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}


def _require_complete(model: TableModel) -> None:
    """Raises ValueError unless the parts fit together."""
    n, target = model.encoder.n_features_out_, model.target
    m = {1, 2} if isinstance(target, ClassLabels) and len(target) == 2 else {target.width}
    sizes = {(net.m[0], net.m[net.r]) for net in model.networks}
    if not sizes or not sizes <= {(n, outputs) for outputs in m}:
        raise ValueError(f"its networks must map {n} features to the target; got sizes {sorted(sizes)}")
    several = model.calibration if isinstance(model.calibration, tuple) else None
    if several is not None and (not isinstance(target, IndicatorLabels) or len(several) != target.m):
        raise ValueError("several calibrations must be those of several labels, one of each")
    if model.spread is not None:
        require_spread(model.spread, n, target.m if isinstance(target, NumericLabels) else 0)
    R = model.residuals
    if R is not None and (
        R.ndim != 2 or R.shape[1] not in m or not np.isfinite(R).all() or (np.diff(R, axis=0) < 0).any()
    ):
        raise ValueError("the residuals must be finite and sorted, one column per target")
