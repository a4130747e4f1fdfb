"""ONNX Runtime: ``InferenceSession.run`` of Gemm and Relu nodes, on the faster of two numbers of threads."""

from __future__ import annotations

import importlib
import time
from typing import Any

from benchmarks.speed import data
from benchmarks.speed.session import PredictionSession
from benchmarks.speed.workloads import Prediction

TRIAL_SECONDS = 0.3


def model(workload: Prediction, dtype: str) -> bytes:
    """Returns the network in the ONNX format: a[i] = relu(a[i−1] W[i]ᵀ + b[i])."""
    onnx: Any = importlib.import_module("onnx")
    helper, from_array = onnx.helper, onnx.numpy_helper.from_array
    kind = helper.np_dtype_to_tensor_dtype(data.inputs(1, 1).astype(dtype).dtype)
    layers = data.parts(data.initial_theta(workload.sizes, workload.hidden, dtype), workload.sizes)
    nodes, numbers, r = [], [], len(layers)
    for i, (W, b) in enumerate(layers, 1):
        numbers += [from_array(W, f"W{i}"), from_array(b, f"b{i}")]
        z = "a" if i == r else f"z{i}"
        nodes.append(helper.make_node("Gemm", ["x" if i == 1 else f"a{i - 1}", f"W{i}", f"b{i}"], [z], transB=1))
        if i < r:
            nodes.append(helper.make_node("Relu", [z], [f"a{i}"]))
    x = helper.make_tensor_value_info("x", kind, [workload.rows, workload.sizes[0]])
    a = helper.make_tensor_value_info("a", kind, [workload.rows, workload.sizes[-1]])
    graph = helper.make_graph(nodes, "network", [x], [a], numbers)
    opset = [helper.make_opsetid("", 17)]
    made: bytes = helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()
    return made


class OnnxRuntimePrediction(PredictionSession):
    """Predicts with ``run``, on the default number of threads or on one, whichever is faster here."""

    def __init__(self, workload: Prediction, dtype: str) -> None:
        super().__init__(workload, dtype)
        runtime: Any = importlib.import_module("onnxruntime")
        self.versions = {package: importlib.import_module(package).__version__ for package in ("onnx", "onnxruntime")}
        network = model(workload, dtype)
        sessions = {}
        for name, threads in {"default threads": 0, "1 thread": 1}.items():
            options = runtime.SessionOptions()
            options.intra_op_num_threads = threads
            sessions[name] = runtime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        speed = {name: max(self._calls_a_second(one) for _ in range(2)) for name, one in sessions.items()}
        self.note = max(speed, key=lambda name: speed[name])
        self.predict = sessions[self.note].run

    def _calls_a_second(self, net: Any) -> float:
        began, calls = time.perf_counter(), 0
        while time.perf_counter() - began < TRIAL_SECONDS:
            net.run(None, {"x": self.calls[0]})
            calls += 1
        return calls / (time.perf_counter() - began)

    def run(self) -> None:
        run = self.predict
        for x in self.calls:
            (self.A,) = run(None, {"x": x})


PREDICTION = OnnxRuntimePrediction
