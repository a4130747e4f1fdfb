"""Packed rows that fit into memory train the networks that a table of the same rows does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables import pack
from chainrule.tables.reading.read import read

T = 600
QUICK: dict[str, Any] = {"hidden_layer_sizes": (8,), "epochs": 4, "random_state": 0, "n_networks": 2, "threads": 1}


def table(has_weights: bool) -> pa.Table:
    """Numbers with gaps, a text, weights of which some may be 0, two numbers, three classes, and two labels."""
    rng = np.random.default_rng(0)
    a, text, w = rng.normal(size=T), rng.choice(["u", "v", "w"], T), rng.integers(0, 4, T)
    y = np.sin(2.0 * a) + (text == "u") + 0.2 * rng.normal(size=T)
    y[has_weights & (w == 0)] = 1e6  # of rows that do not count
    return pa.table(
        {
            "a": np.where(rng.random(T) < 0.1, np.nan, a), "b": rng.normal(size=T), "text": text, "w": w, "y": y,
            "z": a + y, "class": np.array(["lo", "mid", "hi"])[np.digitize(a, [-0.5, 0.8])],
            "warm": np.where(a > 0.2, "yes", "no"), "big": (y > 0.5).astype(np.int64),
        }
    )  # fmt: skip


CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "number": (NetworkRegressor, "y", {}),
    "numbers": (NetworkRegressor, ["y", "z"], {}),
    "classes": (NetworkClassifier, "class", {}),
    "balanced": (NetworkClassifier, "class", {"class_weight": "balanced"}),
    "class weights": (NetworkClassifier, "class", {"class_weight": {"lo": 0.5, "mid": 2.0}}),
    "labels": (NetworkClassifier, ["warm", "big"], {}),
    "weighted labels": (NetworkClassifier, ["warm", "big"], {"class_weight": "balanced"}),
    "time": (NetworkRegressor, "y", {"time_limit": 600.0}),
    "quantiles": (NetworkRegressor, "y", {"quantiles": (0.1, 0.5, 0.9)}),
    "scaled": (NetworkRegressor, "y", {"interval": "scaled"}),
}


@pytest.mark.parametrize("weights", [None, "w"], ids=["alike", "weighted"])
@pytest.mark.parametrize("case", CASES)
def test_rows_train_as_the_table_does(tmp_path: Path, case: str, weights: str | None) -> None:
    """Networks, held-out rows, calibration and scores are those of the rows in their order as a table in memory.

    Quantiles agree within the rounding of the labels in the file, which are in float32.
    """
    kind, target, parameters = CASES[case]
    whole = table(weights is not None)
    counted = np.flatnonzero(np.array(whole[weights])) if weights else np.arange(T)
    drop = [name for name in ("w", "y", "z", "class", "warm", "big") if name not in (target, weights, *target)]
    task = "regression" if kind is NetworkRegressor else "classification"
    rows = pack(
        read(whole), tmp_path / "a.rows", target=target, task=task, weights=weights, drop=drop, seed=5  # type: ignore[arg-type]
    ).rows  # fmt: skip
    in_order = whole.take(counted[np.random.default_rng(5).permutation(len(counted))])
    w = None if weights is None else np.array(in_order[weights])
    expected = kind(**QUICK, **parameters).fit(
        in_order.drop_columns([*drop, *([weights] if weights else [])]), target, sample_weight=w
    )
    model = kind(**QUICK, **parameters).fit(rows)
    new = whole.slice(0, 50)
    tolerance = 1e-4 if case == "quantiles" else 0.0
    for one, other in zip(model.networks_, expected.networks_, strict=True):
        np.testing.assert_allclose(one.theta, other.theta, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(model.validation_score_, expected.validation_score_, rtol=1e-4)
    if kind is NetworkClassifier:
        np.testing.assert_array_equal(model.predict_proba(new), expected.predict_proba(new))
        np.testing.assert_array_equal(model.classes_, expected.classes_)
    else:
        np.testing.assert_allclose(model.predict(new), expected.predict(new), rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(
            model.predict_interval(new, 0.8), expected.predict_interval(new, 0.8), rtol=1e-3, atol=1e-3
        )
