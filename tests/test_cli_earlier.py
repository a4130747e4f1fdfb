"""Models that the command line of Chainrule 0.1 wrote are read, and predict what they predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command import chainrule, read_csv, write_csv

import chainrule as cr
from chainrule import files

MEAN, FACTOR, LIMIT = np.array([1.0, -2.0, 5.0]), np.array([0.5, 2.0, 0.0]), 5.0
ROWS = [[1.5, 0.0, 5.0], [-300.0, -2.25, 7.0], [0.0, 1.0, 1e300]]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in a folder of its own, with rows to predict."""
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "new.csv", [[*row, "b"] for row in ROWS], ["x", "y", "z", "kind"])
    return tmp_path


def write(kind: str, **changes: Any) -> cr.Network:
    """A file in the earlier format (docs/command-line.md of 0.1): a network, scaled inputs, a target, a summary."""
    outputs = {"two": ("sigmoid", 1), "three": ("softmax", 3), "numbers": ("identity", 1)}[kind]
    net = cr.Network.dense([3, 4, outputs[1]], output=outputs[0], seed=0)
    network, tensors = files.network_parts(net)
    values = ["a", "b", "c"][: 2 if kind == "two" else 3]
    target: dict[str, Any] = {"kind": "classes", "column": "kind", "values": values}
    tensors |= {"inputs.mean": MEAN, "inputs.factor": FACTOR, "target.shares": np.full(len(values), 1 / len(values))}
    if kind == "numbers":
        target = {"kind": "numbers", "column": "kind"}
        tensors["target.mean_deviation"] = np.array([10.0, 3.0])
    header = {
        "network": network,
        "inputs": {"names": ["x", "y", "z"], "limit": LIMIT},
        "target": target,
        "training": {"source": "old.csv", "rows": {"training": 5}, "scores": [["accuracy", 0.5, 0.25]]},
    }
    for name, value in changes.items():
        if isinstance(value, np.ndarray):
            tensors[name.replace("__", ".")] = value
        else:
            outer, _, inner = name.partition("__")
            (header[outer] if inner else header)[inner or outer] = value
    files.write("old.safetensors", "model", header, tensors)
    return net


def outputs(net: cr.Network) -> np.ndarray[Any, np.dtype[np.inexact[Any]]]:
    """N of the rows, scaled by hand: min(max((x − mean) · factor, −limit), limit)."""
    with np.errstate(over="ignore"):
        return net(np.clip((np.array(ROWS) - MEAN) * FACTOR, -LIMIT, LIMIT))


@pytest.mark.parametrize("kind", ["two", "three"])
def test_classes_of_an_earlier_model(kind: str) -> None:
    """P(class) are the network's outputs over scaled rows: of two classes the one output is that of the second."""
    A = outputs(write(kind))
    P = np.hstack([1.0 - A, A]) if kind == "two" else A
    answer = chainrule("predict", "old.safetensors", "new.csv")
    assert (answer.code, answer.err) == (0, "")
    for row, p in zip(read_csv(answer.out), P, strict=True):
        assert [float(row[f"probability_{value}"]) for value in "abc"[: len(p)]] == pytest.approx(p.tolist(), rel=1e-14)
        assert row["prediction"] == "abc"[p.argmax()]
    assert "accuracy" in chainrule("evaluate", "old.safetensors", "new.csv").out


def test_numbers_of_an_earlier_model() -> None:
    """A predicted number is mean + deviation · N of the scaled row; ``info`` shows the model."""
    A = outputs(write("numbers"))[:, 0]
    told = [float(row["prediction"]) for row in read_csv(chainrule("predict", "old.safetensors", "new.csv").out)]
    assert told == pytest.approx((10.0 + 3.0 * A).tolist(), rel=1e-14)
    info = chainrule("info", "old.safetensors").out
    assert "target 'kind': numbers (training rows: mean 10, standard deviation 3.0000)" in info
    assert "clipped to ±5" in info
    assert "old.csv" in info


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs__names": ["a", "b"]},
        {"inputs__names": ["a", "b", "b"]},
        {"inputs__names": ["a", "b", 3]},
        {"inputs__limit": -1.0},
        {"inputs__limit": "far"},
        {"inputs": []},
        {"inputs__mean": np.zeros(2)},
        {"inputs__factor": np.array([1.0, np.nan, 1.0])},
        {"target__kind": "colours"},
        {"target__kind": "numbers"},
        {"target__values": ["a"]},
        {"target__values": ["a", "a", "b"]},
        {"target__values": ["a", "b"]},
        {"target__values": [["a"], "b", "c"]},
        {"target__column": 7},
        {"target__shares": np.zeros(2)},
        {"target": None},
        {"training": 5},
        {"network": None},
    ],
    ids=str,
)
def test_damaged_earlier_models(changes: dict[str, Any]) -> None:
    """An earlier file whose parts do not fit together is refused as such, whichever part it is."""
    write("three", **changes)
    answer = chainrule("predict", "old.safetensors", "new.csv")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("Error: old.safetensors")
    assert len(answer.err.splitlines()) == 1
