"""ONNX graphs as PyTorch, Keras and skl2onnx write them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

onnx = pytest.importorskip("onnx")
TensorProto, helper, numpy_helper = onnx.TensorProto, onnx.helper, onnx.numpy_helper
ReferenceEvaluator = pytest.importorskip("onnx.reference").ReferenceEvaluator

RNG = np.random.default_rng(0)
V, c = RNG.normal(size=(3, 4)).astype("float32"), RNG.normal(size=3).astype("float32")  # 4 → 3
W, d = RNG.normal(size=(2, 3)).astype("float32"), RNG.normal(size=2).astype("float32")  # 3 → 2
X = RNG.normal(size=(6, 4)).astype("float32")
CONSTANTS: dict[str, Any] = {
    "V": V, "Vt": V.T.copy(), "c": c, "W": W, "d": d, "w": W[:1], "d1": d[:1], "U": np.eye(3, dtype="float32"),
    "root": np.float32(np.sqrt(2)), "ones": np.ones(3, "float32"), "zero": np.float32(0), "half": np.float32(0.5),
    "one": np.float32(1), "two": np.float32(2), "six": np.float32(6), "twenty": np.float32(20),
}  # fmt: skip

Nodes = Sequence[Any]
node: Callable[..., Any] = helper.make_node


def model(nodes: Nodes, outputs: Sequence[str] = ("y",), labels: Sequence[str] = ()) -> Any:
    """Returns a model with the input x, outputs of float32 and of labels, and all constants."""
    floats = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    whole = [helper.make_tensor_value_info(name, TensorProto.INT64, None) for name in labels]
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["t", 4])], [*whole, *floats],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in CONSTANTS.items()],
    )  # fmt: skip
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def first(*after: Any) -> list[Any]:
    """Returns a Gemm from x to z, and what follows."""
    return [node("Gemm", ["x", "V", "c"], ["z"], transB=1), *after]


LAST = node("Gemm", ["a", "W", "d"], ["y"], transB=1)
CHAINS: dict[str, tuple[Nodes, str]] = {
    "relu": (first(node("Relu", ["z"], ["a"]), LAST), "relu"),
    "leaky_relu": (first(node("LeakyRelu", ["z"], ["a"], alpha=0.2), LAST), "leaky_relu"),
    "silu": (first(node("Sigmoid", ["z"], ["s"]), node("Mul", ["z", "s"], ["a"]), LAST), "silu"),
    "mish": (
        first(node("Softplus", ["z"], ["p"]), node("Tanh", ["p"], ["h"]), node("Mul", ["z", "h"], ["a"]), LAST),
        "mish",
    ),
    "gelu_by_erf": (
        first(
            node("Div", ["z", "root"], ["u"]), node("Erf", ["u"], ["e"]), node("Add", ["e", "one"], ["f"]),
            node("Mul", ["z", "f"], ["g"]), node("Mul", ["g", "half"], ["a"]), LAST,
        ),
        "gelu",
    ),
    "softplus_cut": (
        first(
            node("Softplus", ["z"], ["p"]), node("Greater", ["z", "twenty"], ["q"]),
            node("Where", ["q", "z", "p"], ["a"]), LAST,
        ),
        "softplus",
    ),
    "log_softmax": (first(node("LogSoftmax", ["z"], ["a"], axis=-1), LAST), "log_softmax"),
    "dropout": (first(node("Tanh", ["z"], ["h"]), node("Dropout", ["h"], ["a"]), LAST), "tanh"),
    "matmul_add": (
        [
            node("Cast", ["x"], ["u"], to=TensorProto.FLOAT), node("Flatten", ["u"], ["v"]),
            node("Transpose", ["V"], ["Vt"], perm=[1, 0]), node("MatMul", ["v", "Vt"], ["k"]),
            node("Add", ["c", "k"], ["z"]), node("Relu", ["z"], ["a"]), LAST,
        ],
        "relu",
    ),
    "matmul_alone": ([node("MatMul", ["x", "Vt"], ["z"]), node("Relu", ["z"], ["a"]), LAST], "relu"),
    "no_activation": (first(node("Gemm", ["z", "W", "d"], ["y"], transB=1)), "identity"),
    "factors": (
        [
            node("Gemm", ["x", "Vt", "c"], ["z"], alpha=0.5, beta=2.0), node("Constant", [], ["k"], value_float=0.0),
            node("Max", ["z", "k"], ["a"]), LAST,
        ],
        "relu",
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")  # of ONNX's evaluator, at large z
@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_is_a_network(name: str, tmp_path: Path) -> None:
    """N(x) is what the evaluator of ONNX computes, from the object and from the file."""
    nodes, sigma = CHAINS[name]
    other = model(nodes)
    onnx.save(other, tmp_path / "net.onnx")
    for net in (cr.import_model(other), cr.import_model(tmp_path / "net.onnx")):
        assert (net.m, net.sigma[1].name, net.dtype.name) == ((4, 3, 2), sigma, "float32")
        np.testing.assert_allclose(net(X), ReferenceEvaluator(other).run(None, {"x": X})[0], rtol=1e-6, atol=1e-6)


def test_float64_is_kept() -> None:
    """Weights of float64 make a network of float64, which agrees to 1e-15."""
    graph = helper.make_graph(
        [node("Gemm", ["x", "V", "c"], ["z"], transB=1), node("Tanh", ["z"], ["y"])], "net",
        [helper.make_tensor_value_info("x", TensorProto.DOUBLE, ["t", 4])],
        [helper.make_tensor_value_info("y", TensorProto.DOUBLE, None)],
        [numpy_helper.from_array(V.astype(float), "V"), numpy_helper.from_array(c.astype(float), "c")],
    )  # fmt: skip
    other = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    wanted = ReferenceEvaluator(other).run(None, {"x": X.astype(float)})[0]
    np.testing.assert_allclose(cr.import_model(other)(X.astype(float)), wanted, rtol=0, atol=1e-15)


def _classifier(with_maps: bool) -> Any:
    """Returns what skl2onnx writes for two classes: labels, and 1 − p and p, perhaps as a sequence of maps."""
    nodes = [
        *first(node("Relu", ["z"], ["a"])), node("Gemm", ["a", "w", "d1"], ["v"], transB=1),
        node("Sigmoid", ["v"], ["p"]), node("Sub", ["one", "p"], ["q"]), node("Concat", ["q", "p"], ["both"], axis=1),
        node("ArgMax", ["both"], ["label"], axis=1),
    ]  # fmt: skip
    if not with_maps:
        return model(nodes, ["both"], ["label"])
    maps = node("ZipMap", ["both"], ["maps"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    other = model([*nodes, maps], [], ["label"])
    other.graph.output.append(onnx.ValueInfoProto(name="maps"))
    return other


@pytest.mark.parametrize("with_maps", [False, True])
def test_two_classes_are_a_softmax(with_maps: bool) -> None:
    """1 − p and p for p = sigmoid(z) are the softmax of 0 and z; the labels and maps beside them are left out."""
    net = cr.import_model(_classifier(with_maps))
    z = np.maximum(X @ V.T + c, 0) @ W[:1].T + d[:1]
    p = 1 / (1 + np.exp(-z))
    assert net.sigma[2] == cr.softmax
    np.testing.assert_allclose(net(X), np.hstack([1 - p, p]), atol=1e-6)


REFUSED: dict[str, tuple[Any, str]] = {
    "clip": (
        model(first(node("Clip", ["z", "zero", "six"], ["y"], name="cut"))),
        "Clip 'cut' cannot be read: it is none of the activations",
    ),
    "residual": (
        model(first(
            node("Tanh", ["z"], ["a"]), node("Gemm", ["a", "U"], ["b"]), node("Add", ["b", "a"], ["y"], name="skip"),
        )),
        "Add 'skip' cannot be read: it takes 'a', a value from before the last affine map",
    ),
    "branch": (
        model(first(
            node("Tanh", ["z"], ["a"]), node("Gemm", ["z", "W", "d"], ["u"], transB=1, name="side"),
            node("Concat", ["u", "a"], ["y"], axis=1),
        )),
        "Gemm 'side' cannot be read: its input 'z' is not the value before it",
    ),
    "scaled_input": (
        model([node("Mul", ["x", "two"], ["u"], name="scale"), node("MatMul", ["u", "Vt"], ["y"])]),
        "Mul 'scale' cannot be read: it changes the input before the first affine map",
    ),
    "norm": (
        model(first(node("BatchNormalization", ["z", "c", "c", "c", "ones"], ["y"], name="bn"))),
        "BatchNormalization 'bn' cannot be read: it is none of the activations",
    ),
    "two_outputs": (model(first(node("Tanh", ["z"], ["y"])), ["y", "z"]), "one output .*; its outputs: y, z"),
    "no_affine_map": (model([node("Tanh", ["x"], ["y"])]), "it changes the input before the first affine map"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*encountered in:RuntimeWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_other_graphs_are_refused_by_the_operation(name: str) -> None:
    """The error names the operation and the reason."""
    other, words = REFUSED[name]
    with pytest.raises(cr.InputError, match=words):
        cr.import_model(other)


def test_two_inputs_are_refused() -> None:
    """A network has one input, the rows."""
    other = model(first(node("Tanh", ["z"], ["y"])))
    other.graph.input.append(helper.make_tensor_value_info("u", TensorProto.FLOAT, None))
    with pytest.raises(cr.InputError, match="must have one input, rows of numbers; it has x, u"):
        cr.import_model(other)


@pytest.mark.parametrize("contents", [b"", b"not a protocol buffer", bytes(100)])
def test_a_damaged_file_is_an_error(tmp_path: Path, contents: bytes) -> None:
    """Every file that is no model is a FileFormatError."""
    path = tmp_path / "net.onnx"
    path.write_bytes(contents)
    with pytest.raises(cr.FileFormatError, match=r"net\.onnx is not an ONNX model"):
        cr.import_model(path)
