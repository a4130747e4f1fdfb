"""Labels and weights of rows in windows are encoded as those of rows in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.estimators.network import settings
from chainrule.estimators.network.packed import fitting
from chainrule.rows import packing
from chainrule.rows import rows as rows_module
from chainrule.tables import pack
from chainrule.tables.packing.packed_table import PackedTable
from chainrule.tables.reading.read import read

T = 2_000
QUICK: dict[str, Any] = {"hidden_layer_sizes": (8,), "epochs": 4, "random_state": 0, "n_networks": 1, "batch_size": 64}
CASES: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "number": (NetworkRegressor, "y", {}),
    "quantiles": (NetworkRegressor, "y", {"quantiles": (0.1, 0.5, 0.9)}),
    "classes": (NetworkClassifier, "class", {"class_weight": {"hi": 3.0}}),
    "balanced": (NetworkClassifier, "class", {"class_weight": "balanced"}),
    "labels": (NetworkClassifier, ["one", "two"], {}),
    "weighted labels": (NetworkClassifier, ["one", "two"], {"class_weight": [{1: 2.0}, {"yes": 3.0}]}),
}


@pytest.fixture(params=[None, "w"], ids=["alike", "weighted"])
def weights(request: pytest.FixtureRequest) -> str | None:
    """The column of weights, if there are some."""
    name: str | None = request.param
    return name


def packed(path: Path, target: Any, weights: str | None) -> PackedTable:
    """Rows of two numbers, packed in blocks of 64."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=T)
    table = pa.table(
        {
            "a": a, "b": rng.normal(size=T), "w": rng.integers(1, 4, T), "y": np.sin(2 * a) + 0.1 * rng.normal(size=T),
            "class": np.where(a > 0.5, "hi", "lo"), "one": (a > 0).astype(np.int64),
            "two": np.where(a > 1, "yes", "no"),
        }
    )  # fmt: skip
    drop = [name for name in ("w", "y", "class", "one", "two") if name not in (target, weights, *target)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "BLOCK_BYTES", 4 * 2 * 64)
        return pack(read(table), path, target=target, weights=weights, drop=drop)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES)
def test_labels_are_those_of_rows_in_memory(tmp_path: Path, case: str, weights: str | None) -> None:
    """Labels and weights of all blocks are the examples of the same rows in memory, within the rounding of float32."""
    kind, target, parameters = CASES[case]
    table = packed(tmp_path / "a.rows", target, weights)
    estimator = kind(**QUICK, **parameters)
    fitting._take_over(estimator, table)
    recipe = settings.as_recipes(estimator.get_params(deep=False), table.target.task, T)[0]
    expected: Any = fitting._data(estimator, table.rows, table.target, recipe, learns=True).examples
    shares: Any = getattr(estimator.target_, "shares", None)
    encoding = fitting._encoding(estimator, table.target, table.rows.in_memory())
    found = table.rows.relabelled(encoding, table.rows.label_shape, weights is not None).in_memory()
    Y = recipe.cost.targets(found.Y, estimator.target_.width, np.float32)
    np.testing.assert_allclose(np.asarray(Y), expected.Y, rtol=1e-6, atol=1e-6)
    mine: Any = found.weights
    assert (mine is None) == (expected.weights is None)
    if mine is not None:
        np.testing.assert_allclose(mine, expected.weights, rtol=1e-6)
    if case in ("classes", "balanced"):
        np.testing.assert_allclose(estimator.target_.shares, shares)


@pytest.mark.parametrize("case", CASES)
def test_networks_learn_in_windows(
    tmp_path: Path, case: str, weights: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quantiles, class weights and several labels are learned in windows, with and without weights of the rows."""
    for name in ("WINDOW_BYTES", "SHUFFLED_WINDOW_BYTES"):
        monkeypatch.setattr(rows_module, name, 8_000)
    monkeypatch.setattr(rows_module, "LEAST_MINIBATCHES", 1)
    kind, target, parameters = CASES[case]
    rows = packed(tmp_path / "a.rows", target, weights).rows
    assert rows.windows(None, 64) > 2
    model = kind(**{**QUICK, "epochs": 10}, **parameters).fit(rows)
    assert model.validation_score_ > (0.4 if case == "quantiles" else 0.8)
    assert model.model_.about["rows"] < T
