"""Intervals of varying width: a network for the spread of y, in a model and in its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.files.model_files import header_of

import chainrule as cr
from chainrule._internal.sparse_rows import as_sparse_rows
from chainrule.tables import TableEncoder, TableModel, load
from chainrule.tables.intervals.spread import LARGEST, SMALLEST, spread_of
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

X = [[-1.0], [0.0], [2.0]]
R = np.linspace(-1.0, 1.0, 99)[:, None]


def model_with(spread: cr.Network | None) -> TableModel:
    """ŷ = 3 + 2 x, with residuals of up to 1."""
    encoder = TableEncoder(numbers="none").fit([[0.0], [1.0]])
    target = NumericLabels(np.array([3.0]), np.array([2.0]))
    net = cr.Network([cr.Layer([[1.0]], [0.0], "identity")])
    return TableModel(encoder, target, (net,), residuals=R, spread=spread)


def test_widths_are_proportional_to_the_spread() -> None:
    """The ends are ŷ + S(x) times two quantiles of the scaled residuals; S = exp(x) here."""
    spread = cr.Network([cr.Layer([[1.0, 0.0, 0.0, 0.0]], [0.0], "exp")])
    constant, scaled = (model_with(net).predict_interval(X, 0.9) for net in (None, spread))
    middle = constant.mean(axis=1)
    np.testing.assert_allclose(scaled - middle[:, None], (constant - middle[:, None]) * np.exp(np.array(X)), rtol=1e-12)


def test_the_prediction_is_an_input_of_the_spread() -> None:
    """S takes z, arsinh a and their absolute values; of sparse rows those of a alone. It lies within bounds."""
    A = np.sinh(np.array([[0.5], [-1.0]]))
    by_both = cr.Network([cr.Layer([[1.0, 2.0, 0.5, 3.0]], [0.0], "exp")])
    Z = np.array([[1.0], [-1.0]])
    np.testing.assert_allclose(spread_of(by_both, Z, A), np.exp([[1.0 + 1.0 + 0.5 + 1.5], [-1.0 - 2.0 + 0.5 + 3.0]]))
    sparse = pytest.importorskip("scipy.sparse")
    rows = as_sparse_rows(sparse.csr_array(np.zeros((2, 5))), "X", np.float64)
    alone = cr.Network([cr.Layer([[2.0, 0.0]], [0.0], "exp")])
    np.testing.assert_allclose(spread_of(alone, rows, A), np.exp([[1.0], [-2.0]]))
    steep = cr.Network([cr.Layer([[100.0, 0.0]], [0.0], "exp")])
    assert spread_of(steep, rows, A).tolist() == [[LARGEST], [SMALLEST]]


def test_a_file_holds_the_spread(tmp_path: Path) -> None:
    """Intervals come back; scaled residuals have a name of their own, so that an older reader has no intervals."""
    model = model_with(cr.Network([cr.Layer([[1.0, 0.5, 0.0, 0.125]], [0.25], "exp")]))
    model.save(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "model.safetensors").predict_interval(X), model.predict_interval(X))
    assert "spread" in header_of(tmp_path / "model.safetensors")
    from safetensors import safe_open

    with safe_open(tmp_path / "model.safetensors", "numpy") as file:
        names = set(file.keys())
    assert "scaled_residuals" in names
    assert "residuals" not in names


@pytest.mark.parametrize("sizes", [[3, 1], [4, 2]])
def test_a_spread_for_another_model_is_refused(tmp_path: Path, sizes: list[int]) -> None:
    """A file whose network for the spread has other sizes is not a complete model."""
    model_with(cr.Network.dense(sizes, output="exp")).save(tmp_path / "model.safetensors")
    with pytest.raises(cr.FileFormatError, match=r"the network of the spread must map 4 or 2 numbers to 1; got \["):
        load(tmp_path / "model.safetensors")


def test_classes_have_no_spread(tmp_path: Path) -> None:
    """A network for the spread beside classes is refused."""
    encoder = TableEncoder(numbers="none").fit([[0.0], [1.0]])
    net = cr.Network.dense([1, 2], output="softmax")
    model = TableModel(encoder, ClassLabels.fit(["no", "yes"]), (net,), spread=cr.Network.dense([4, 1], output="exp"))
    model.save(tmp_path / "model.safetensors")
    with pytest.raises(cr.FileFormatError, match="the network of the spread must map"):
        load(tmp_path / "model.safetensors")
