"""Models that have every part that an export must hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

import chainrule as cr
from chainrule.tables import TableEncoder
from chainrule.tables.calibration import Calibration, Calibrations
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels
from chainrule.tables.targets.target_columns import TargetColumns

TOWNS = ["Kobe", "Oita", 'Nara, "old"', "", "O'Fallon", "Ōita"]


def rows(t: int = 60, seed: int = 0) -> list[dict[str, object]]:
    """Rows of numbers with gaps, texts, booleans, times and codes."""
    rng = np.random.default_rng(seed)
    return [
        {
            "rooms": None if k % 7 == 0 else float(rng.normal(3.0, 1.0)),
            "size m²": float(rng.lognormal(4.0, 0.5)),
            "town": TOWNS[int(rng.integers(len(TOWNS)))],
            "heated": bool(rng.integers(2)),
            "sold": np.datetime64("2024-01-01", "us") + np.timedelta64(int(rng.integers(10**14)), "us"),
            "zone": int(rng.integers(3)),
            "stars": int(rng.integers(1, 5)),
            "2nd": ["a b", "a_b"][int(rng.integers(2))],
        }
        for k in range(t)
    ]


def encoder(numbers: str = "robust", max_levels: int = 100, has_times: bool = True) -> TableEncoder:
    """An encoder of these rows, of which the zone is a category, and the stars are few values."""
    X = [{name: row[name] for name in row if has_times or name != "sold"} for row in rows()]
    return TableEncoder(numbers, categories=["zone"], max_levels=max_levels, max_values=10).fit(X)  # type: ignore[arg-type]


def classifier(
    k: int = 3,
    networks: int = 2,
    output: str = "softmax",
    dtype: str = "float64",
    smoothing: float = 0.0,
    **options: object,
) -> TableModel:
    """A model of k classes whose outputs are averaged and calibrated."""
    e = encoder(**options)  # type: ignore[arg-type]
    m = 1 if output == "sigmoid" and k == 2 else k
    labels = ClassLabels.fit(["no", "yes", 'don\'t "know"'][:k])
    nets = tuple(
        cr.Network.dense([e.n_features_out_, 8, m], hidden="mish", output=output, seed=j).astype(dtype)
        for j in range(2)
    )
    return TableModel(e, labels, nets, Calibration(0.7, smoothing), about={"column": "answer"})


def regressor(m: int = 1, dtype: str = "float64", **options: object) -> TableModel:
    """A model of m numbers."""
    e = encoder(**options)  # type: ignore[arg-type]
    nets = tuple(cr.Network.dense([e.n_features_out_, 8, m], hidden="selu", seed=j).astype(dtype) for j in range(2))
    y = np.random.default_rng(0).normal(200.0, 30.0, size=(60, m))
    return TableModel(e, NumericLabels.fit(y[:, 0] if m == 1 else y), nets)


def several_labels(**options: object) -> TableModel:
    """A model of three labels, each with a calibration of its own, whose names and values need care."""
    y = np.array([["no", 0, False], ['y"es', 1, True]] * 30, dtype=object)
    labels = IndicatorLabels.fit(TargetColumns(dict(zip(["spam", "a b", "probabilities"], y.T, strict=True))))
    each = Calibration(0.7, 0.1), Calibration(), Calibration(2.0)
    return _averaged(replace(labels, names=("spam", "a b", "probabilities")), "sigmoid", each, **options)


def quantiles(**options: object) -> TableModel:
    """A model of three quantiles that cross before they are sorted, and again after they are shifted."""
    y = np.random.default_rng(0).normal(200.0, 30.0, size=60)
    target = replace(QuantileLabels.of(y, (0.05, 0.5, 0.95)), shifts=np.array([3.0, -1.0, -4.0]))
    return _averaged(replace(target, deviation=100.0 * target.deviation), "identity", Calibration(), **options)


def named(**options: object) -> TableModel:
    """A model of two numbers with names, of which one is also a column."""
    y = np.random.default_rng(0).normal(200.0, 30.0, size=(60, 2))
    return _averaged(NumericLabels.fit(y, names=("rooms", "2 ÷ 3")), "identity", Calibration(), **options)


def of_texts() -> TableModel:
    """A model of one column of texts, whose only layer has no column of numbers."""
    e = TableEncoder().fit([["a"], ["b"], ["c"]])
    return TableModel(e, NumericLabels.fit([1.0, 2.0, 4.0]), (cr.Network.dense([e.n_features_out_, 1], seed=0),))


def _averaged(target: Target, output: str, calibration: Calibrations, **options: object) -> TableModel:
    """Two networks for the target."""
    e = encoder(**options)  # type: ignore[arg-type]
    sizes = [e.n_features_out_, 8, target.width]
    nets = tuple(cr.Network.dense(sizes, hidden="silu", output=output, seed=j) for j in range(2))
    return TableModel(e, target, nets, calibration)


def embedded() -> cr.Network:
    """A network with a block-diagonal layer, linear layers and parametric activations."""
    W = cr.BlockDiagonal([[[1.0], [0.5], [-2.0]], [[2.0], [-1.0], [0.25]]])
    rng = np.random.default_rng(0)
    kappa = rng.normal(1.0, 0.3, size=4)
    return cr.Network(
        [
            cr.Layer(W, np.zeros(6), "sine"),
            cr.Layer(rng.normal(size=(3, 6)), np.ones(3), "identity"),
            cr.Layer(rng.normal(size=(4, 3)), np.ones(4), cr.Parametric("mish"), kappa=kappa),
            cr.Layer(rng.normal(size=(2, 4)), np.ones(2), "tanh"),
        ]
    )
