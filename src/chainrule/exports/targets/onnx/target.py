"""An ONNX model, run by ONNX Runtime, or else by the reference evaluator of ONNX."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.imports import imported
from chainrule.errors import FileFormatError, MissingExtra
from chainrule.exports.evaluate import DOUBLE, Row, features_of
from chainrule.exports.plan import Plan
from chainrule.exports.single import as_single
from chainrule.exports.targets.target import CheckerMissing, Outcome
from chainrule.exports.targets.texts import SURROGATE, require_texts
from chainrule.exports.vectors import Vectors

VECTORS = "chainrule.test_vectors"  # the key of the metadata
MATRIX = "x"  # the name of the one input of features
MISSING_TIME = -(2**63)  # microseconds, as NumPy's NaT


class OnnxTarget:
    """A file NAME.onnx with one input a column: NaN, "" and −2⁶³ microseconds are missing values.

    Or its one input is the matrix of features.
    """

    suffix = ".onnx"
    reals = ("float", "double")
    weights = ()
    inputs = ("columns", "matrix")

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the model. Raises InputError for numbers and texts that it cannot hold."""
        if importlib.util.find_spec("onnx") is None:
            raise MissingExtra("ONNX needs the package onnx; install with: pip install 'chainrule[onnx]'")
        require_texts(plan, self.suffix, SURROGATE)
        if real == "float":
            as_single(features_of(plan, vectors.rows, DOUBLE).value)
        properties = {VECTORS: vectors.as_json()}
        return {self.suffix: imported(f"{__package__}.model").model_of(plan, properties, name, real)}

    def vectors(self, path: Path) -> Vectors:
        """Reads the vectors in the model's metadata."""
        found = {entry.key: entry.value for entry in _load(path).metadata_props}
        if VECTORS not in found:
            raise FileFormatError(f"{path} holds no test vectors of an export.")
        return Vectors.from_json(found[VECTORS], str(path))

    def run(self, path: Path) -> Outcome:
        """Computes the outputs of the model for its rows."""
        vectors, model = self.vectors(path), _load(path)
        given = feed(model, vectors.rows)
        names = [entry.name for entry in model.graph.output]
        if importlib.util.find_spec("onnxruntime") is not None:
            import onnxruntime

            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            results, checker = session.run(names, given), f"ONNX Runtime {onnxruntime.__version__}"
        else:
            import onnx
            from onnx.reference import ReferenceEvaluator

            results = ReferenceEvaluator(model).run(names, given)
            checker = f"the reference evaluator of ONNX {onnx.__version__}"
        if vectors.labels is None:
            return Outcome(np.concatenate(results, axis=1), None, checker)
        *found, values = results
        labels = [one.tolist() for one in found]
        is_several = isinstance(vectors.labels[0], list)
        return Outcome(values, [*map(list, zip(*labels, strict=True))] if is_several else labels[0], checker)


def feed(model: Any, rows: Sequence[Row]) -> dict[str, Any]:
    """Returns the inputs of a model for rows, by their names."""
    return {entry.name: _input(entry, rows) for entry in model.graph.input}


def _load(path: Path) -> Any:
    """Returns the model. Raises CheckerMissing without onnx, FileFormatError for another file."""
    if importlib.util.find_spec("onnx") is None:
        raise CheckerMissing("the package onnx is not installed")
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped, unused-ignore]

    try:
        return onnx.load(path)
    except DecodeError as error:
        raise FileFormatError(f"{path} is not an ONNX model: {error}.") from None


def _input(entry: Any, rows: Sequence[Row]) -> Any:
    """Returns the values of a column (t, 1), or of all features (t, n), in the type of the input."""
    from onnx import TensorProto

    if entry.name not in rows[0]:
        dtype = np.float32 if entry.type.tensor_type.elem_type == TensorProto.FLOAT else np.float64
        return np.array([[*row.values()] for row in rows], dtype=dtype)
    values = [row.get(entry.name) for row in rows]
    kind = entry.type.tensor_type.elem_type
    if kind == TensorProto.STRING:
        return np.array([["" if value is None else value] for value in values], dtype=object)
    if kind == TensorProto.INT64:
        return np.array([[MISSING_TIME if value is None else value] for value in values], dtype=np.int64)
    return np.array([[np.nan if value is None else float(value)] for value in values])
