"""ONNX models that are exported."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.exports import models

import chainrule as cr
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.tables import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import NumericLabels

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnx.reference")
find_spec = importlib.util.find_spec


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Lets these packages be absent."""

    def found(name: str, package: str | None = None) -> Any:
        return None if name in packages else find_spec(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", found)


@pytest.mark.parametrize("real", ["float", "double"])
def test_both_number_types_are_proved(real: str, tmp_path: Path) -> None:
    """ONNX Runtime gives the values in float32 and in float64; the latter within 1e-10 of the scale."""
    proof = cr.export(models.classifier(), tmp_path / "m.onnx", real=real)
    assert proof.is_proved
    assert proof.deviation <= (1e-10 if real == "double" else 2e-6)


def test_numbers_are_scaled_in_float64(tmp_path: Path) -> None:
    """A number far from 0 loses nothing in a model in float32: (v − center) · factor is rounded, and not v."""
    encoder = TableEncoder().fit([{"ticks": 1e9 + 100.0 * k} for k in range(9)])
    net = cr.Network.dense([1, 3, 1], seed=0)
    model = TableModel(encoder, NumericLabels.fit(range(9)), (net,))
    assert cr.export(model, tmp_path / "m.onnx", real="float").deviation <= 1e-6


def test_every_activation_has_kernels_of_float64(tmp_path: Path) -> None:
    """ONNX Runtime lacks Elu, Softplus, Mish, Erf … in float64: each σ is composed of operations that it has."""
    rng = np.random.default_rng(0)
    names = [name for name in ACTIVATIONS if name not in ("exp", "softmax")]
    layers = [cr.Layer(0.7 * rng.normal(size=(4, 4)), rng.normal(size=4), name) for name in names]
    net = cr.Network([*layers, cr.Layer(rng.normal(size=(2, 4)), rng.normal(size=2), "softmax")])
    assert cr.export(net, tmp_path / "m.onnx", real="double").is_proved


def test_the_reference_evaluator_is_the_other_checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ONNX Runtime the evaluator of the package onnx runs the model."""
    without(monkeypatch, "onnxruntime")
    proof = cr.export(models.regressor(2), tmp_path / "m.onnx")
    assert proof.checker == f"the reference evaluator of ONNX {onnx.__version__}"


def test_without_onnx_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package onnx writes the file; without it the error says how to install it."""
    without(monkeypatch, "onnx")
    with pytest.raises(ImportError, match=r"pip install 'chainrule\[onnx\]'"):
        cr.export(models.regressor(), tmp_path / "m.onnx")


def test_columns_are_inputs_and_the_model_is_old_enough_for_every_runtime(tmp_path: Path) -> None:
    """One input (t, 1) for each column that is used, float64 or text or microseconds; opset 17, no ZipMap."""
    cr.export(models.classifier(), tmp_path / "m.onnx")
    model = onnx.load(tmp_path / "m.onnx")
    types = {entry.name: entry.type.tensor_type.elem_type for entry in model.graph.input}
    double, text, whole = onnx.TensorProto.DOUBLE, onnx.TensorProto.STRING, onnx.TensorProto.INT64
    assert types == {
        "rooms": double, "size m²": double, "town": text, "heated": double, "sold": whole, "zone": double,
        "stars": double, "2nd": text,
    }  # fmt: skip
    assert [entry.name for entry in model.graph.output] == ["label", "probabilities"]
    assert {entry.version for entry in model.opset_import} == {17, 3}
    assert "ZipMap" not in {node.op_type for node in model.graph.node}


@pytest.mark.parametrize("real", ["float", "double"])
def test_the_input_may_be_the_matrix_of_features(real: str, tmp_path: Path) -> None:
    """``inputs="matrix"``: one input x (t, n) for encoded rows, in the number type of the networks, proved too."""
    model = models.classifier()
    proof = cr.export(model, tmp_path / "m.onnx", real=real, inputs="matrix")
    assert proof.is_proved
    assert cr.verify(tmp_path / "m.onnx") == proof
    (entry,) = onnx.load(tmp_path / "m.onnx").graph.input
    n = model.encoder.n_features_out_
    assert (entry.name, entry.type.tensor_type.shape.dim[1].dim_value) == ("x", n)
    assert entry.type.tensor_type.elem_type == getattr(onnx.TensorProto, real.upper())
    X = model.encoder.encode(models.rows(5)).astype({"float": "float32", "double": "float64"}[real])
    _, p = onnx.reference.ReferenceEvaluator(str(tmp_path / "m.onnx")).run(None, {"x": X})
    np.testing.assert_allclose(p, model.predict_proba(models.rows(5)), atol={"float": 2e-6, "double": 1e-12}[real])


def test_results_have_names(tmp_path: Path) -> None:
    """Several numbers, quantiles and labels are outputs by their names, which may be those of columns."""
    path = tmp_path / "m.onnx"
    expected = {
        models.named: ["predicted_rooms", "2 ÷ 3"],
        models.quantiles: ["q0.05", "q0.5", "q0.95"],
        models.several_labels: ["spam", "a b", "probabilities", "predicted_probabilities"],
    }
    for model, names in expected.items():
        cr.export(model(), path)
        assert [entry.name for entry in onnx.load(path).graph.output] == names


def test_columns_may_have_any_names(tmp_path: Path) -> None:
    """Columns with the names of outputs, of nodes and of constants stay apart from them."""
    from chainrule.tables import TableEncoder
    from chainrule.tables.model import TableModel
    from chainrule.tables.target_decoder import NumericLabels

    names = ["prediction", "/Add_1", "/c0", "c0", "//c0"]
    X = {name: list(np.random.default_rng(k).normal(size=9)) for k, name in enumerate(names)}
    rows = [dict(zip(names, values, strict=True)) for values in zip(*X.values(), strict=True)]
    encoder = TableEncoder().fit(rows)
    net = cr.Network.dense([5, 3, 1], seed=0)
    model = TableModel(encoder, NumericLabels.fit(np.arange(9.0)), (net,))
    assert cr.export(model, tmp_path / "m.onnx").is_proved
    assert [entry.name for entry in onnx.load(tmp_path / "m.onnx").graph.output] == ["predicted_prediction"]


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A file that is no ONNX model, and one without test rows, are named."""
    path = tmp_path / "m.onnx"
    path.write_bytes(b"not a model")
    with pytest.raises(cr.FileFormatError, match="is not an ONNX model"):
        cr.verify(path)
    cr.export(models.regressor(), path)
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, path)
    with pytest.raises(cr.FileFormatError, match="holds no test vectors of an export"):
        cr.verify(path)
