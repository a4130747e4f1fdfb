"""A model as straight-line parts, from which every target is printed: columns → x → networks → mean → result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from chainrule import activations
from chainrule._internal.checks import Floats
from chainrule.activations import Parametric, Sigma
from chainrule.errors import InputError
from chainrule.exports.levels import features_of_levels
from chainrule.exports.result import Classes, Result, numbers_of_network, result_of
from chainrule.network import Layer, Network
from chainrule.tables.calibration import UNCALIBRATED
from chainrule.tables.columns import Feature, Kind, Level
from chainrule.tables.encoding.categories.levels import Sign
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.numeric_columns import owners
from chainrule.tables.model import TableModel

MOST_MERGED = 4.0  # the largest T; with larger ones a p that is 0 in float32 would have a p^(1/T) that is not small

ColumnKind = Literal["number", "duration", "datetime", "text", "boolean"]
KINDS: dict[Kind, ColumnKind] = {"numbers": "number", "durations": "duration", "datetimes": "datetime"}


@dataclass(frozen=True)
class InputColumn:
    """A column that a row must have. A value may be missing.

    "number"; "duration": seconds; "datetime": microseconds since 1970, UTC; "text"; "boolean".
    """

    name: str
    kind: ColumnKind


@dataclass(frozen=True)
class NumberFeature:
    """x = clip((v − center) · factor); v is a number, the ``part`` of a time (`Calendar`), or ``fill`` for a gap."""

    column: str
    part: int | None
    fill: float
    center: float
    factor: float


@dataclass(frozen=True)
class ValueFeature:
    """x = 1 where the number of a column, or a part of its time, equals ``value``, else 0."""

    column: str
    part: int | None
    value: float


@dataclass(frozen=True)
class CategoryFeatures:
    """The features of a column with levels: one of −1, 0 and 1 ("sign"), or a 1 at the place of the level ("one_hot").

    A missing value gives zeros, and so does an unseen one, unless ``has_other`` adds a last feature for it.
    """

    column: str
    levels: tuple[Level, ...]
    kind: Literal["sign", "one_hot"]
    has_other: bool

    @property
    def width(self) -> int:
        """Number of features."""
        return 1 if self.kind == "sign" else len(self.levels) + self.has_other


@dataclass(frozen=True, eq=False)
class PlanLayer:
    """a = σ(W a + b), W (m, n) and b (m,) in float64; ``kappa`` (m,) of a parametric σ, else None.

    With ``scale`` (m,) each row of W is this number times integers (`quantised`).
    """

    W: Floats
    b: Floats
    sigma: Sigma
    kappa: Floats | None
    scale: Floats | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """All that a target computes for one row.

    x has the ``numbers``, an indicator of a gap for each of ``gaps``, the single ``values``, and the ``categories``.
    With ``limit`` L each number is clipped to z / √(1 + (z/L)²). The outputs of the ``networks`` are averaged, and
    become the ``result``. ``weights`` names the integers of which W consists, or is None. With ``is_matrix`` all
    columns are one input.
    """

    columns: tuple[InputColumn, ...]
    numbers: tuple[NumberFeature, ...]
    limit: float | None
    gaps: tuple[NumberFeature, ...]
    values: tuple[ValueFeature, ...]
    categories: tuple[CategoryFeatures, ...]
    networks: tuple[tuple[PlanLayer, ...], ...]
    result: Result
    weights: str | None = None
    is_matrix: bool = False

    @property
    def n(self) -> int:
        """Number of features x."""
        return self.n_numeric + sum(category.width for category in self.categories)

    @property
    def n_numeric(self) -> int:
        """Number of features before those of the categories."""
        return len(self.numbers) + len(self.gaps) + len(self.values)

    @property
    def has_times(self) -> bool:
        """True if a feature is a part of a time."""
        numbers: tuple[NumberFeature | ValueFeature, ...] = (*self.numbers, *self.gaps, *self.values)
        return any(feature.part is not None for feature in numbers)

    @property
    def outputs(self) -> int:
        """Number of probabilities or numbers that are predicted."""
        return self.result.width

    @property
    def entries(self) -> int:
        """Number of entries of all W and b that are not 0."""
        return sum(int(np.count_nonzero(part)) for net in self.networks for layer in net for part in (layer.W, layer.b))


def plan_of(model: TableModel | Network) -> Plan:
    """Returns the plan of a table model, or of a network, whose columns are x1, x2, …

    Raises InputError for a σ of one's own, which no target knows.
    """
    if isinstance(model, Network):
        return plan_of_features(model.m[0], (_layers(model),), numbers_of_network(model.m[model.r]))
    encoder = model.encoder
    networks, result = networks_of(model, features_of_levels(encoder))
    numbers, gaps, values = _numbers(encoder)
    return Plan(
        tuple(_columns(encoder)),
        numbers,
        None if encoder.clip_ is None else encoder.clip_.limit,
        gaps,
        values,
        tuple(
            CategoryFeatures(name, step.levels, "sign" if isinstance(step, Sign) else "one_hot", step.has_other)
            for name, step in encoder.categories_.items()
        ),
        networks,
        result,
    )


def networks_of(model: TableModel, before: Floats | None = None) -> tuple[tuple[tuple[PlanLayer, ...], ...], Result]:
    """Returns the networks of a model, after the linear map ``before`` (n, p) if there is one, and their result."""
    first = () if before is None else (PlanLayer(before, np.zeros(len(before)), activations.get("identity"), None),)
    return _merged(tuple(_layers(net, first) for net in model.networks), result_of(model))


def plan_of_features(n: int, networks: tuple[tuple[PlanLayer, ...], ...], result: Result) -> Plan:
    """Returns the plan of networks whose columns x1 … xn are their features themselves."""
    names = [f"x{k}" for k in range(1, n + 1)]
    numbers = tuple(NumberFeature(name, None, np.nan, 0.0, 1.0) for name in names)
    return Plan(tuple(InputColumn(name, "number") for name in names), numbers, None, (), (), (), networks, result)


def _columns(encoder: TableEncoder) -> list[InputColumn]:
    """Returns the columns in use, with the kind of their values."""
    return [InputColumn(f.name, _kind(f, encoder)) for f in encoder.features_ if not f.dropped]


def _kind(feature: Feature, encoder: TableEncoder) -> ColumnKind:
    if (step := encoder.categories_.get(feature.name)) is not None:
        if step.are_texts:
            return "text"
        return "boolean" if isinstance(step.levels[0], bool) else "number"
    return KINDS[feature.kind]


def _numbers(
    encoder: TableEncoder,
) -> tuple[tuple[NumberFeature, ...], tuple[NumberFeature, ...], tuple[ValueFeature, ...]]:
    """Returns the features of numbers, those of which a gap has an indicator, and those of single values."""
    of = owners(encoder.features_)
    first = {int(owner): int(np.searchsorted(of, owner)) for owner in of}

    def feature(raw: int, fill: float = np.nan, center: float = 0.0, factor: float = 1.0) -> NumberFeature:
        owner = int(of[raw])
        column = encoder.features_[owner]
        part = raw - first[owner] if column.kind == "datetimes" else None
        return NumberFeature(column.name, part, fill, center, factor)

    rows = zip(
        encoder.used_.tolist(), encoder.fill_.values.tolist(), encoder.scale_.center.tolist(),
        encoder.scale_.factor.tolist(), strict=True,
    )  # fmt: skip
    few = zip(map(feature, encoder.few_values_.of.tolist()), encoder.few_values_.values.tolist(), strict=True)
    return (
        tuple(feature(*row) for row in rows),
        tuple(feature(raw) for raw in encoder.indicator_.of.tolist()),
        tuple(ValueFeature(number.column, number.part, value) for number, value in few),
    )


def _layers(net: Network, first: tuple[PlanLayer, ...] = ()) -> tuple[PlanLayer, ...]:
    """Returns ``first`` and the layers; a linear one is multiplied into the next if that has not more entries."""
    layers: list[PlanLayer] = []
    for layer in (*first, *map(_layer, net.layers)):
        if layers and layers[-1].sigma.name == "identity" and layers[-1].kappa is None:
            before = layers[-1]
            product = layer.W @ before.W
            if np.count_nonzero(product) <= np.count_nonzero(layer.W) + np.count_nonzero(before.W):
                layers.pop()
                layer = PlanLayer(product, layer.W @ before.b + layer.b, layer.sigma, layer.kappa)
        layers.append(layer)
    return tuple(layers)


def _merged(networks: tuple[tuple[PlanLayer, ...], ...], result: Result) -> tuple[Any, Result]:
    """Multiplies 1/T into the last layer of a single network with softmax: p^(1/T) / Σ p^(1/T) = softmax(z/T)."""
    if not isinstance(result, Classes) or len(networks) > 1 or result.calibration.smoothing:
        return networks, result
    *before, last = networks[0]
    T = result.calibration.temperature
    if last.sigma.name != "softmax" or T > MOST_MERGED:
        return networks, result
    last = replace(last, W=last.W / T, b=last.b / T)
    return ((*before, last),), replace(result, calibration=UNCALIBRATED)


def _layer(layer: Layer) -> PlanLayer:
    sigma = layer.sigma
    inner = sigma.sigma if isinstance(sigma, Parametric) else sigma
    if not inner.builtin:
        raise InputError(f"sigma = {inner.name} is not built in, and no target knows it. Use one of the catalogue.")
    W: NDArray[Any] = layer.W if isinstance(layer.W, np.ndarray) else layer.W.toarray()
    kappa = layer.kappa if isinstance(sigma, Parametric) else None
    return PlanLayer(
        W.astype(np.float64), layer.b.astype(np.float64), sigma, None if kappa is None else kappa.astype(np.float64)
    )
