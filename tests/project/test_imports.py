"""The packages that ``import chainrule`` and the first computations load."""

from __future__ import annotations

import sys

import pytest
from support.processes import modules_after

NEVER = ("jax", "matplotlib", "onnx", "onnxruntime", "pandas", "pyarrow", "rich", "scipy", "sklearn", "torch", "typer")


def test_import_loads_numpy_and_safetensors_alone() -> None:
    """``import chainrule`` in a fresh process loads none of the packages that the extras bring."""
    assert modules_after("import chainrule").isdisjoint(NEVER)


def test_import_loads_no_further_package() -> None:
    """Besides NumPy, safetensors and the standard library, ``import chainrule`` loads no package but Chainrule."""
    loaded = modules_after("import chainrule") - modules_after("import numpy, safetensors.numpy")
    assert loaded - sys.stdlib_module_names == {"chainrule"}


@pytest.mark.parametrize("statement", ["net(X)", "cr.gradient(net, J, X, Y)", "cr.train(net, X, Y, cost=J, epochs=2)"])
def test_computing_loads_no_extra(statement: str) -> None:
    """A forward pass, a gradient and a training run load no package of the extras either."""
    code = f"""
import numpy as np
import chainrule as cr
net, J, X, Y = cr.Network.dense([2, 3, 1], seed=0), cr.SumOfSquares(), np.ones((4, 2)), np.ones((4, 1))
{statement}"""
    assert modules_after(code).isdisjoint(NEVER)
