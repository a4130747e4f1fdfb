"""A sparse X on the engine torch: its rows become dense a minibatch at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from support.pytorch import pytorch

import chainrule as cr
from chainrule._internal.sparse_rows import as_sparse_rows
from chainrule.costs import TrainingSet
from chainrule.engines.problem import Problem

torch: Any = pytorch()

from support.engines.capture import lint  # noqa: E402 - it imports PyTorch

from chainrule.engines.torch import devices  # noqa: E402
from chainrule.engines.torch.parts.sparse import SparseMatrix, bytes_of_rows  # noqa: E402

pytestmark = pytest.mark.torch

RNG = np.random.default_rng(0)
X = as_sparse_rows(sp.random_array((30, 9), density=0.2, rng=RNG, format="csr"), "X", "float64")
Y = RNG.normal(size=(30, 1))


def test_rows_of_several_matrices_are_those_of_dense_ones() -> None:
    """Rows of two matrices, one of which ends with an empty row, by the same operations whatever they hold."""
    empty = as_sparse_rows(sp.csr_array((2, 9)), "X", "float64")
    matrix = SparseMatrix([X, empty], torch.device("cpu"), torch.float64)
    dense, numbers = np.concatenate([X.toarray(), empty.toarray()]), torch.tensor([31, 3, 3, 0, 29])
    np.testing.assert_array_equal(matrix.index_select(0, numbers).numpy(), dense[numbers.numpy()])
    lint(lambda: numbers.copy_(matrix.index_select(0, numbers).sum(1).long().abs() % 32), lambda: [numbers])


@pytest.mark.parametrize("batch_size", [8, None])
def test_training_has_the_bits_of_dense_rows(batch_size: int | None) -> None:
    """θ is bit for bit that of the dense matrix, in minibatches and with all rows in each step."""
    nets = [cr.Network.dense([9, 5, 1], seed=1) for _ in range(2)]
    both: tuple[Any, Any] = X, X.toarray()
    for net, rows in zip(nets, both, strict=True):
        cr.train(net, rows, Y, optimizer="adam", epochs=3, batch_size=batch_size, engine=cr.engines.Torch("cpu"))
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


def test_rows_beyond_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the dense rows of a step do not fit into the memory, the error says which rows, and what to do."""
    monkeypatch.setattr(devices, "free_bytes", lambda device: 2 * bytes_of_rows(X, 8))
    net, engine = cr.Network.dense([9, 1]), cr.engines.Torch("cpu")
    cr.train(net, X, Y, optimizer="adam", epochs=1, batch_size=8, engine=engine)
    words = "makes 30 rows of the sparse X with 9 columns dense at a time, .* Use a smaller batch_size, or engine="
    with pytest.raises(cr.EngineDeclined, match=words):
        cr.train(net, X, Y, optimizer="adam", epochs=1, engine=engine)
    with pytest.raises(cr.EngineDeclined, match="Use fewer rows, or engine='auto'"):
        cr.gradient(net, "sum_of_squares", X, Y, engine=engine)


def test_networks_of_a_bundle_fit_into_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle has as many networks as dense rows fit into the memory, and none without room for two."""
    monkeypatch.setattr(devices, "is_gpu", lambda device: True)
    engine, data = cr.engines.Torch("cpu"), TrainingSet(X, Y)
    problem = Problem(cr.Network.dense([9, 1]), cr.SumOfSquares(), cr.Adam(), data, 8, 1, 0)
    for most, expected in ((3.5, 3), (1.9, None), (math.inf, 64)):
        there = min(most, 1e6) / 0.8 * bytes_of_rows(X, 8)
        monkeypatch.setattr(devices, "free_bytes", lambda device, there=there: there)
        kind = engine.bundle_kind(problem)
        assert (None if kind is None else kind.most) == expected
