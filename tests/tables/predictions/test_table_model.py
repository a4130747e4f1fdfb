"""The fitted model as a value: its predictions and its file."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from scipy import sparse
from support.processes import modules_after

import chainrule as cr
from chainrule import files
from chainrule.tables.calibration import Calibration, tempered
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.model import TableModel, load, network_outputs
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

X = [[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]]
NEW = [[3.0, "blue"], [None, "pink"], [9.0, None]]


def model(kind: str = "classes", sigma: Any = "tanh") -> TableModel:
    """A model of two untrained networks over four rows."""
    encoder = TableEncoder(dtype="float32").fit(X)
    target = (
        ClassLabels.fit(["a", "b", "c", "a"]) if kind == "classes" else NumericLabels.fit([[1.0, 2.0], [3.0, 5.0]] * 2)
    )
    m, output = (3, "softmax") if kind == "classes" else (2, "identity")
    nets = tuple(
        cr.Network.dense([encoder.n_features_out_, 4, m], hidden=sigma, output=output, seed=k, dtype="float32")
        for k in (1, 2)
    )
    residuals = None if kind == "classes" else np.sort(np.random.default_rng(0).normal(size=(40, 2)), axis=0)
    return TableModel(encoder, target, nets, Calibration(2.0 if kind == "classes" else 1.0), residuals, {"rows": 4})


def test_classes_by_hand() -> None:
    """P is the tempered mean of the networks' probabilities, and the prediction its largest."""
    fitted = model()
    Z = fitted.encoder.transform(NEW)
    A = (fitted.networks[0](Z).astype(np.float64) + fitted.networks[1](Z)) / 2.0
    P = np.sqrt(A) / np.sqrt(A).sum(axis=1, keepdims=True)  # T = 2
    assert np.allclose(fitted.predict_proba(NEW), P, rtol=1e-14)
    assert np.array_equal(fitted.predict_log_proba(NEW), np.log(fitted.predict_proba(NEW)))
    assert fitted.predict(NEW).tolist() == np.array(["a", "b", "c"])[P.argmax(axis=1)].tolist()
    assert np.array_equal(fitted.predict_proba(NEW), tempered(fitted.outputs(NEW), 2.0))


def test_numbers_by_hand() -> None:
    """A number is mean + deviation · a; the interval of 90 % adds the residuals of rank 2 and 39 of 40."""
    fitted = model("numbers")
    Z = fitted.encoder.transform(NEW)
    A = (fitted.networks[0](Z).astype(np.float64) + fitted.networks[1](Z)) / 2.0
    Y = np.array([2.0, 3.5]) + np.array([1.0, 1.5]) * A
    assert np.allclose(fitted.predict(NEW), Y, rtol=1e-14)
    ends = fitted.predict_interval(NEW, 0.9)
    assert ends.shape == (3, 2, 2)
    R = fitted.residuals
    assert R is not None
    assert np.allclose(ends[:, :, 0], Y + R[1], rtol=1e-13)
    assert np.allclose(ends[:, :, 1], Y + R[38], rtol=1e-13)


@pytest.mark.parametrize(("sigma", "m", "k"), [("sigmoid", 1, 2), ("sigmoid", 3, 3), ("softmax", 2, 2)])
def test_outputs_are_probabilities(sigma: str, m: int, k: int) -> None:
    """One sigmoid gives (1 − p, p), several are divided by their sum, softmax is left as it is."""
    net = cr.Network.dense([2, m], output=sigma, seed=0)
    Z = np.random.default_rng(0).normal(size=(5, 2))
    A, P = net(Z), network_outputs(net, Z, ClassLabels.fit(np.arange(k)))
    expected = np.hstack([1.0 - A, A]) if m < k else A if sigma == "softmax" else A / A.sum(axis=1, keepdims=True)
    assert np.array_equal(P, expected)
    assert np.allclose(P.sum(axis=1), 1.0)
    encoder = TableEncoder("none").fit(Z)
    assert np.array_equal(TableModel(encoder, ClassLabels.fit(np.arange(k)), (net,)).outputs(Z), P)


def test_outputs_are_float64() -> None:
    """Probabilities of a float32 network are float64, and 1 − p and p add to 1 exactly."""
    net = cr.Network.dense([2, 1], output="sigmoid", seed=0, dtype="float32")
    P = network_outputs(net, np.ones((3, 2), np.float32), ClassLabels.fit(["a", "b"]))
    assert P.dtype == np.float64
    assert np.array_equal(P[:, 0], 1.0 - np.asarray(net(np.ones((3, 2))), np.float64)[:, 0])


def test_the_intervals_of_a_flat_target() -> None:
    """For y (t,) the intervals are (t, 2), for y (t, 1) they are (t, 1, 2) with the same numbers."""
    encoder, R = TableEncoder("none").fit([[1.0], [2.0]]), np.arange(-20.0, 20.0)[:, None]
    net = (cr.Network([cr.Layer([[1.0]], [0.0], "identity")]),)
    ends = [TableModel(encoder, NumericLabels.fit(y), net, residuals=R).predict_interval([[3.0], [4.0]]) for y in
            ([-1.0, 1.0], [[-1.0], [1.0]])]  # fmt: skip
    assert ends[0].tolist() == [[-16.0, 21.0], [-15.0, 22.0]]
    assert ends[1].tolist() == [[[-16.0, 21.0]], [[-15.0, 22.0]]]


def test_the_description_says_what_is_predicted() -> None:
    """repr names columns, classes or numbers, how many networks there are, and the first of them."""
    assert repr(model()) == f"TableModel(2 columns → 3 classes, 2 × {model().networks[0]!r})"
    assert repr(model("numbers")) == f"TableModel(2 columns → 2 numbers, 2 × {model('numbers').networks[0]!r})"
    encoder = TableEncoder().fit([[1.0], [2.0]])
    one = TableModel(encoder, NumericLabels.fit([1.0, 2.0]), (cr.Network.dense([1, 1]),))
    assert repr(one) == f"TableModel(1 columns → 1 numbers, 1 × {one.networks[0]!r})"


def identical(z: Any) -> Any:
    """z itself."""
    return z


def slope(z: Any) -> Any:
    """Its derivative."""
    return np.ones_like(z)


OUTPUTS: dict[str, tuple[Any, tuple[int, ...], Any]] = {  # σ[r], its sizes in three networks, and the target
    "softmax": ("softmax", (3, 3, 3), ClassLabels.fit(np.arange(3))),
    "sigmoids": ("sigmoid", (3, 3, 3), ClassLabels.fit(np.arange(3))),
    "one sigmoid": ("sigmoid", (1, 1, 1), ClassLabels.fit(np.arange(2))),
    "one sigmoid or two": ("sigmoid", (1, 2, 1), ClassLabels.fit(np.arange(2))),
    "numbers": ("identity", (2, 2, 2), NumericLabels.fit([[1.0, 2.0], [3.0, 5.0]])),
    "a map of one's own": (
        cr.Activation(identical, slope),
        (1, 1, 1),
        NumericLabels.fit([1.0, 3.0]),
    ),
}


@pytest.mark.parametrize("outputs", OUTPUTS)
@pytest.mark.parametrize("is_sparse", [False, True])
def test_few_rows_have_the_mean_of_the_networks(outputs: str, is_sparse: bool) -> None:
    """One call for all networks gives the bits of their mean, and follows θ; a copy of the model does, too."""
    sigma, sizes, target = OUTPUTS[outputs]
    rows = np.random.default_rng(0).normal(size=(20, 6))
    rows[np.add.outer(np.arange(20), np.arange(6)) % 3 > 0] = 0.0
    table = sparse.csr_array(rows) if is_sparse else rows
    encoder = TableEncoder("joint", dtype="float32").fit(table)
    n = encoder.n_features_out_
    nets = tuple(cr.Network.dense([n, 5, m], output=sigma, seed=k, dtype="float32") for k, m in enumerate(sizes))
    fitted = TableModel(encoder, target, nets)
    for few in (table[:1], table[3:6], table[:4]):
        for _ in range(2):
            Z = encoder.encode(few)
            expected = sum((network_outputs(net, Z, target) for net in nets), np.zeros((1, 1))) / 3
            for same in (fitted, pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):  # noqa: S301  # it is our own
                np.testing.assert_array_equal(same.outputs(few), expected)
            nets[1].theta *= 0.5


@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_saved_and_read_bit_for_bit(tmp_path: Path, kind: str) -> None:
    """A loaded model makes the same predictions as the saved one, bit for bit, and has the same description."""
    fitted = model(kind)
    fitted.save(tmp_path / "m.safetensors")
    again = TableModel.load(tmp_path / "m.safetensors")
    assert np.array_equal(again.predict(NEW), fitted.predict(NEW))
    assert np.array_equal(again.outputs(NEW), fitted.outputs(NEW))
    assert again.about == {"rows": 4}
    assert all(np.array_equal(a.theta, b.theta) for a, b in zip(again.networks, fitted.networks, strict=True))
    if kind == "classes":
        assert np.array_equal(again.predict_proba(NEW), fitted.predict_proba(NEW))
    else:
        assert np.array_equal(again.predict_interval(NEW, 0.5), fitted.predict_interval(NEW, 0.5))


def test_an_own_sigma_is_passed_to_load(tmp_path: Path) -> None:
    """A file holds no code: the error names a user's σ, which ``load`` accepts by that name."""
    square = cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")
    fitted = model(sigma=square)
    fitted.save(tmp_path / "m.safetensors")
    with pytest.raises(cr.FileFormatError, match="'square', which is not built in"):
        TableModel.load(tmp_path / "m.safetensors")
    for reader in (load, TableModel.load):
        again = reader(tmp_path / "m.safetensors", activations={"square": square})
        assert np.array_equal(again.predict_proba(NEW), fitted.predict_proba(NEW))


def test_predictions_that_a_model_does_not_have_are_refused() -> None:
    """Regression has no probabilities, classification no intervals, and an interval needs held-out rows."""
    with pytest.raises(cr.InputError, match=r"it has no class probabilities. Use predict\(X\)"):
        model("numbers").predict_proba(NEW)
    with pytest.raises(cr.InputError, match="no class probabilities"):
        model("numbers").predict_log_proba(NEW)
    with pytest.raises(cr.InputError, match=r"no intervals. Use predict_proba\(X\)"):
        model().predict_interval(NEW)
    with pytest.raises(cr.InputError, match="needs held-out rows"):
        TableModel(model("numbers").encoder, NumericLabels.fit([1.0, 2.0]), model("numbers").networks).predict_interval(
            NEW
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": None}, {"target": None}, {"networks": []}, {"networks": {}}, {"temperature": -1.0},
        {"temperature": None}, {"calibration": 2.0}, {"calibration": {"smoothing": 0.1}},
        {"calibration": {"temperature": 1.0, "smoothing": 0.5}},
        {"calibration": {"temperature": 1.0, "smoothing": -0.1}},
        {"calibration": {"temperature": 1.0, "smoothing": [0.1]}}, {"about": []}, {"residuals": np.ones((3, 1))},
        {"residuals": np.array([[2.0, 2.0], [1.0, 1.0]])}, {"residuals": np.array([[0.0, np.nan]])},
    ],
    ids=str,
)  # fmt: skip
def test_damaged_files(tmp_path: Path, changes: dict[str, Any]) -> None:
    """A file whose parts do not make up one model is refused by its name."""
    path = tmp_path / "m.safetensors"
    model("numbers").save(path)
    header, tensors = files.read(path, "table model")
    del header["crc32"], header["header_crc32"]
    for name, value in changes.items():
        (tensors if isinstance(value, np.ndarray) else header)[name] = value
    path.write_bytes(safetensors.numpy.save(tensors, metadata={"chainrule": json.dumps(header)}))
    with pytest.raises(cr.FileFormatError, match=r"m\.safetensors is not a complete model"):
        TableModel.load(path)


def test_networks_must_fit(tmp_path: Path) -> None:
    """A network of other inputs than the encoder gives, or other outputs than the target has, is refused."""
    fitted = model()
    for sizes in ([3, 3], [fitted.encoder.n_features_out_, 4]):
        net = cr.Network.dense(sizes, output="softmax")
        TableModel(fitted.encoder, fitted.target, (net,)).save(tmp_path / "m.safetensors")
        with pytest.raises(cr.FileFormatError, match="networks must map 5 features to the target"):
            TableModel.load(tmp_path / "m.safetensors")


def test_prediction_of_arrays_needs_no_other_package(tmp_path: Path) -> None:
    """A saved model predicts rows of an array without scikit-learn, pyarrow, pandas or SciPy."""
    model().save(tmp_path / "m.safetensors")
    program = f"""
from chainrule.estimators import load
load({str(tmp_path / "m.safetensors")!r}).predict_proba([[3.0, "blue"]])"""
    assert modules_after(program).isdisjoint({"sklearn", "pyarrow", "pandas", "scipy", "polars", "duckdb"})
