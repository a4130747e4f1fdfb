"""Plans: a model as straight-line parts, with bounds on the rounding errors of a target."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.exports import models

import chainrule as cr
from chainrule.exports.evaluate import evaluate, features_of
from chainrule.exports.examples import UNSEEN, examples_of
from chainrule.exports.plan import plan_of
from chainrule.exports.result import Classes, Numbers, labels_by
from chainrule.exports.targets.target import UNITS
from chainrule.tables import TableEncoder
from chainrule.tables.calibration import Calibration
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels

MODELS: dict[str, Callable[[], TableModel]] = {
    "classes": lambda: models.classifier(),
    "two classes": lambda: models.classifier(2, output="sigmoid"),
    "sigmoids": lambda: models.classifier(3, output="sigmoid"),
    "a level other": lambda: models.classifier(max_levels=3),
    "standard": lambda: models.classifier(numbers="standard"),
    "a number": lambda: models.regressor(),
    "numbers": lambda: models.regressor(2),
    "several labels": models.several_labels,
    "quantiles": models.quantiles,
}


def tables_of(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The rows with times as NumPy has them."""
    table = [dict(row) for row in rows]
    for row in table:
        row["sold"] = np.datetime64("NaT" if row["sold"] is None else row["sold"], "us")  # type: ignore[call-overload]
    return table


def outputs(model: TableModel, rows: list[dict[str, object]]) -> np.ndarray:
    """The model's own probabilities or numbers."""
    table = tables_of(rows)
    values = model.predict(table) if isinstance(plan_of(model).result, Numbers) else model.predict_proba(table)
    return np.reshape(values, (len(rows), -1))


@pytest.mark.parametrize("name", MODELS)
def test_a_plan_computes_what_the_model_does(name: str) -> None:
    """For every test row the plan has the model's probabilities or numbers, within the bound for float64."""
    model = MODELS[name]()
    plan = plan_of(model)
    rows = [dict(row) for row in examples_of(plan)]
    value, bound = evaluate(plan, rows, UNITS["double"])
    difference = np.abs(value - outputs(model, rows))
    assert (difference <= 2 * bound).all()
    assert bound.max() <= 1e-9 * (1.0 + np.abs(value).max())
    clear = labels_by(plan.result, value, 1e-12)
    if clear is not None:
        ours, theirs = (np.ravel(np.array(labels, dtype=object)) for labels in (clear, model.predict(tables_of(rows))))
        assert [a for a in ours if a is not None] == [b for a, b in zip(ours, theirs, strict=True) if a is not None]


@pytest.mark.parametrize("name", MODELS)
def test_a_model_in_float32_lies_within_its_bound(name: str) -> None:
    """The bound for float32 holds for the model in float32, which has the same weights."""
    model = MODELS[name]()
    narrow = TableModel(
        model.encoder, model.target, tuple(net.astype("float32") for net in model.networks), model.calibration
    )
    rows = [dict(row) for row in examples_of(plan_of(narrow))]
    value, bound = evaluate(plan_of(narrow), rows, UNITS["float"])
    difference = np.abs(value - outputs(narrow, rows))
    assert (difference <= 2 * bound).all()
    assert difference.max() > 0.0


def test_linear_layers_are_multiplied_into_the_next() -> None:
    """A linear layer before a dense one is left out if the product has no more entries; blocks become a matrix."""
    layers = plan_of(models.embedded()).networks[0]
    assert [layer.W.shape for layer in layers] == [(6, 2), (4, 6), (2, 4)]
    assert layers[1].kappa is not None
    X = np.random.default_rng(1).normal(size=(20, 2))
    plan = plan_of(models.embedded())
    rows = [{"x1": a, "x2": b} for a, b in X.tolist()]
    value, bound = evaluate(plan, rows, UNITS["double"])
    assert (np.abs(value - models.embedded()(X)) <= 2 * bound).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("temperature", [0.3, 3.0, 20.0])
def test_the_temperature_of_one_softmax_is_in_its_weights(temperature: float, dtype: str) -> None:
    """For one network softmax(z/T) replaces p^(1/T) / Σ p^(1/T), unless T is so large that underflow would show."""
    model = models.classifier(dtype=dtype)
    one = TableModel(model.encoder, model.target, model.networks[:1], Calibration(temperature))
    plan = plan_of(one)
    assert isinstance(plan.result, Classes)
    assert plan.result.calibration.temperature == (1.0 if temperature <= 4.0 else temperature)
    rows = [dict(row) for row in examples_of(plan)]
    value, bound = evaluate(plan, rows, UNITS[{"float32": "float", "float64": "double"}[dtype]])
    assert (np.abs(value - outputs(one, rows)) <= 2 * bound).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["relu", "mish", "gelu", "tanh", "softplus", "elu"]))
def test_random_networks_in_float32_lie_within_the_bound(seed: int, hidden: str) -> None:
    """For random sizes, weights and inputs a network in float32 differs from its plan by at most the bound."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 9, size=rng.integers(2, 5)).tolist()
    net = cr.Network.dense(sizes, hidden=hidden, seed=seed, dtype="float32")
    net.theta = (net.theta * rng.lognormal(0.0, 1.0)).astype("float32")
    X = rng.normal(0.0, 3.0, size=(5, sizes[0])).astype("float32")
    plan = plan_of(net)
    rows = [{column.name: float(v) for column, v in zip(plan.columns, x, strict=True)} for x in X]
    value, bound = evaluate(plan, rows, UNITS["float"])
    assert (np.abs(value - net(X)) <= 2 * bound).all()


def test_rows_have_every_level_gaps_and_extremes() -> None:
    """Among the test rows are every level, an unseen one, an empty text, a gap in each column, and ±1e9."""
    plan = plan_of(models.classifier())
    rows = examples_of(plan)
    assert 64 <= len(rows) <= 256
    towns = [row["town"] for row in rows]
    assert {*models.TOWNS, UNSEEN, None} <= set(towns)
    assert {True, False, None} == {row["heated"] for row in rows}
    assert {-1e9, 1e9, None} <= {row["size m²"] for row in rows}
    assert rows == examples_of(plan)


def test_four_kinds_of_no_known_level() -> None:
    """A gap and an empty text are zeros; a level that is rare, or was not seen, is the feature `other`."""
    X = [{"town": town} for town in ["Kobe"] * 9 + ["Oita"] * 5 + ["Nara", "Ome", ""]]
    encoder = TableEncoder(max_levels=3).fit(X)
    plan = plan_of(TableModel(encoder, NumericLabels.fit(range(17)), (cr.Network.dense([3, 1], seed=0),)))
    rows = [{"town": town} for town in [None, "", "Nara", UNSEEN, "Oita"]]
    assert features_of(plan, rows, UNITS["double"]).value.tolist() == [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 1],
        [0, 0, 1],
        [0, 1, 0],
    ]


def test_one_s_own_activation_is_refused() -> None:
    """No target knows a σ that is not built in."""
    net = cr.Network.dense([1, 1], output=cr.Activation(np.sin, np.cos, name="wobble"))
    with pytest.raises(cr.InputError, match="sigma = wobble is not built in"):
        plan_of(net)
