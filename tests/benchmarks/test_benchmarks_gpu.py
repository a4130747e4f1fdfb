"""The benchmark of GPUs rehearses on a CPU, and saves each line; no test asserts a time."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pytorch import pytorch

from benchmarks.gpu.__main__ import main
from benchmarks.gpu.answers import answers

pytorch()

from benchmarks.gpu import jax_peer  # noqa: E402 - they import PyTorch
from benchmarks.gpu.measuring import COMPARED  # noqa: E402
from benchmarks.gpu.workloads import WORKLOADS, Workload  # noqa: E402


def test_a_rehearsal_measures_and_saves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each measurement is a line with numbers; the gradients have the errors of their precision, and bits repeat."""
    path = tmp_path / "gpu.json"
    assert main(["--device", "cpu", "--only", "S", "--seconds", "0.001", "--json", str(path)]) == 0
    saved = json.loads(path.read_text())
    assert saved["device"] == "CPU (a rehearsal)"
    assert "answers" not in saved  # only times of a GPU are compared
    lines = {line["what"]: line for line in saved["lines"]}
    assert not [line for line in lines.values() if "failed" in line or "left out" in line]
    assert lines["gradient, highest"]["relative error"] < 1e-6
    assert 1e-6 < lines["gradient, bf16"]["relative error"] < 2e-2
    assert lines["4 + 4 steps are 8, twice"]["bitwise"] is True
    assert lines["torch engine, 8 networks in a step, high"]["median"] > 0
    fits = [line for what, line in lines.items() if what.startswith("fit, ")]
    assert [line["epochs"] for line in fits] == [4, 16, 4, 16]
    timed = [line for line in lines.values() if "median" in line]
    assert len(timed) >= 9
    assert all(0 < line["least"] <= line["median"] for line in timed)
    assert len(capsys.readouterr().out.splitlines()) >= len(lines)


def test_answers_name_what_they_lack() -> None:
    """Every workload has its answers in float32 and TF32; those without a measurement, or with a failed one, say so."""
    lines: list[dict[str, Any]] = [
        {"work": "S", "what": "torch engine, 32 steps a graph, highest", "median": 40.0},
        {"work": "S", "what": "PyTorch, eager, highest", "median": 400.0},
        {"work": "S", "what": "PyTorch, torch.compile max-autotune, highest", "failed": "no memory"},
        {"work": "S", "what": "PyTorch, autograd in a CUDA graph, highest", "median": 60.0},
    ]
    found = answers(lines, list(WORKLOADS), COMPARED)
    assert len(found) == 4 * (2 + 3)
    known = {question: answer for question, answer in found.items() if answer != "not measured"}
    assert known == {
        "S, highest: the fastest peer ÷ the engine torch": "1.5 (PyTorch, autograd in a CUDA graph, highest)",
        "S, highest: eager ÷ the engine torch": 10.0,
    }


def test_nothing_is_measured_when_the_time_is_up(tmp_path: Path) -> None:
    """A budget that has ended leaves the rest out, and says so."""
    path = tmp_path / "gpu.json"
    assert main(["--device", "cpu", "--only", "S", "--budget", "0", "--json", str(path)]) == 0
    assert {line["left out"] for line in json.loads(path.read_text())["lines"]} == {"the time is up"}


def test_without_a_gpu_or_pytorch_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a GPU it names the rehearsal, and without PyTorch how to install it."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert main([]) == 2
    assert "--device cpu rehearses" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main([]) == 2
    assert "pip install" in capsys.readouterr().err


def test_jax_makes_its_steps() -> None:
    """The peer in JAX runs, where it is installed."""
    pytest.importorskip("jax")
    call, steps = jax_peer.scan(Workload("X", (2, 3, 1), 4, 12), "highest")
    assert steps == 3
    theta, _, _, k = call()
    assert float(k) == 3
    assert all(np.isfinite(np.asarray(part)).all() for layer in theta for part in layer)
