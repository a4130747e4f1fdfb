"""An ONNX model, run by ONNX Runtime, or else by the reference evaluator of ONNX."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._internal.imports import imported
from chainrule.errors import FileFormatError, MissingExtra
from chainrule.exports.plan import Plan
from chainrule.exports.targets.target import CheckerMissing, Outcome
from chainrule.exports.vectors import Vectors

VECTORS = "chainrule.test_vectors"  # the key of the metadata
MISSING_TIME = -(2**63)  # microseconds, as NumPy's NaT


class OnnxTarget:
    """A file NAME.onnx with one input a column: NaN, "" and −2⁶³ microseconds are missing values."""

    suffix = ".onnx"
    reals = ("float", "double")

    def files(self, plan: Plan, vectors: Vectors, name: str, real: str) -> Mapping[str, bytes]:
        """Returns the model."""
        if importlib.util.find_spec("onnx") is None:
            raise MissingExtra("ONNX needs the package onnx; install with: pip install 'chainrule[onnx]'")
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
        rows = self.vectors(path).rows
        model = _load(path)
        feed = {entry.name: _column(entry, rows) for entry in model.graph.input}
        names = [entry.name for entry in model.graph.output]
        if importlib.util.find_spec("onnxruntime") is not None:
            import onnxruntime

            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            results, checker = session.run(names, feed), f"ONNX Runtime {onnxruntime.__version__}"
        else:
            import onnx
            from onnx.reference import ReferenceEvaluator

            results = ReferenceEvaluator(model).run(names, feed)
            checker = f"the reference evaluator of ONNX {onnx.__version__}"
        labels = results[0].tolist() if len(results) == 2 else None
        return Outcome(results[-1], labels, checker)


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


def _column(entry: Any, rows: Sequence[Mapping[str, Any]]) -> Any:
    """Returns the values of a column (t, 1) in the type of its input."""
    from onnx import TensorProto

    values = [row.get(entry.name) for row in rows]
    kind = entry.type.tensor_type.elem_type
    if kind == TensorProto.STRING:
        return np.array([["" if value is None else value] for value in values], dtype=object)
    if kind == TensorProto.INT64:
        return np.array([[MISSING_TIME if value is None else value] for value in values], dtype=np.int64)
    return np.array([[np.nan if value is None else float(value)] for value in values])
