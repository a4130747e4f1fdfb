"""The face: a network of another library, or a file of one, becomes a `Network`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chainrule._internal.checks import shown
from chainrule.conversion import fann, keras, onnx_graph, pytorch, scikit_learn
from chainrule.errors import InputError
from chainrule.network import Network

KNOWN = (
    "a torch.nn.Module that is a chain, a Keras model, scikit-learn's MLPClassifier or MLPRegressor, an ONNX model, "
    "or the path of an .onnx or FANN .net file"
)
READERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Network]], ...] = (
    (keras.knows, keras.read),  # before PyTorch: a Keras model may be a module of PyTorch too
    (pytorch.knows, pytorch.read),
    (scikit_learn.knows, scikit_learn.read),
    (onnx_graph.knows, onnx_graph.read),
)


def import_model(model: Any) -> Network:
    """Returns the network N that another library's model computes, with copies of its numbers.

    ``model`` is a chain of affine maps z = W a + b and activations:

    - ``torch.nn.Sequential`` of ``Linear``, activations and ``Dropout``, nested too;
    - a Keras ``Sequential`` or functional chain of ``Dense``, ``Activation``, layers of one activation, ``Dropout``;
    - a fitted MLPClassifier or MLPRegressor of scikit-learn; outputs are probabilities, in the order of ``classes_``;
    - an ONNX model, or the path of an .onnx file: Gemm, or MatMul and Add, and activations in any operations;
    - the path of a .net file that FANN 2 has written; steepness s, which is σ(s z), goes into W and b.

    Each activation is recognised by its values, to 1e-9 in float64 and 1e-6 in float32, whatever it is called. The
    network has the number type of W, float32 or float64. A model for two classes that gives 1 − p and p becomes a
    softmax of 0 and z, which is the same.

    Raises InputError for a model of another kind, or a part that a layer (W, b, σ) has not, by its name;
    FileFormatError for a damaged file, MissingExtra if an .onnx file is read without the package onnx.

    >>> import chainrule as cr
    >>> from sklearn.neural_network import MLPRegressor
    >>> X, y = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, 2.0, 3.0]
    >>> other = MLPRegressor(hidden_layer_sizes=4, activation="tanh", solver="lbfgs", random_state=0).fit(X, y)
    >>> net = cr.import_model(other)
    >>> net
    Network(2-4-1, tanh identity, d=17, float64)
    >>> bool(abs(net(X)[:, 0] - other.predict(X)).max() < 1e-15)
    True
    """
    if isinstance(model, (str, os.PathLike)):
        return _of_file(Path(model))
    for knows, read in READERS:
        if knows(model):
            return read(model)
    raise InputError(f"model must be {KNOWN}; got {shown(model)}.")


def _of_file(path: Path) -> Network:
    match path.suffix.lower():
        case ".onnx":
            return onnx_graph.read_file(path)
        case ".net":
            return fann.read_file(path)
        case ".pt" | ".pth" | ".keras" | ".h5" | ".pkl" | ".joblib":
            raise InputError(
                f"model must be the object, not its file: {path.name} holds code, or is read by its own library alone. "
                "Load it there, and pass what you get."
            )
        case _:
            raise InputError(f"model must be {KNOWN}; got the path {shown(str(path))}.")
