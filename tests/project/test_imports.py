"""The packages that ``import chainrule`` and the first computations load."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.installation import STRICT_PYTHON
from support.patience import LIMIT
from support.processes import modules_after

NEVER = (
    "IPython", "jax", "matplotlib", "mlflow", "onnx", "onnxruntime", "optuna", "pandas", "pyarrow", "rich", "scipy",
    "sklearn", "tensorboardX", "torch", "typer",
)  # fmt: skip


def test_import_loads_numpy_and_safetensors_alone() -> None:
    """``import chainrule`` in a fresh process loads none of the packages that the extras bring."""
    assert modules_after("import chainrule").isdisjoint(NEVER)


def test_callbacks_plots_and_exercises_are_loaded_at_first_use() -> None:
    """``import chainrule`` and a silent training load no ready callback, plot or exercise; their names do."""
    code = """
import sys, chainrule as cr
cr.train(cr.Network.dense([1, 1], seed=0), [[1.0]], [[1.0]], epochs=2, callbacks=[lambda history: None])
assert "chainrule.callbacks" not in sys.modules and "chainrule.training.callbacks.logs" not in sys.modules
assert "chainrule.plot" not in sys.modules and "chainrule.teaching" not in sys.modules
assert "chainrule.data" not in sys.modules and "chainrule.exports" not in sys.modules
cr.callbacks.CSVLogger, cr.plot.sigma, cr.exercise, cr.data.xor, cr.export"""
    assert modules_after(code).isdisjoint(NEVER)


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


IN_HANDLER = """
import os, signal, sys
import numpy as np
import chainrule as cr

net, X, Y, path = cr.Network.dense([2, 3, 1], seed=0), np.ones((9, 2)), np.ones((9, 1)), sys.argv[1]

def work():
    WORK

class Finder:  # is asked for each module that is not loaded yet, before all other finders
    def find_spec(self, *_):
        os.kill(os.getpid(), signal.SIGUSR1)

signal.signal(signal.SIGUSR1, lambda *_: (calls.append(0), work()))
calls = []
sys.meta_path.insert(0, Finder())
work()
assert calls
"""


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="signals as on Unix")
@pytest.mark.parametrize("work", ["net(X)", "cr.train(net, X, Y, epochs=1)", "net.save(path)"])
def test_a_signal_handler_may_interrupt_the_first_use(work: str, tmp_path: Path) -> None:
    """A handler that comes while modules are imported for a first use can do the same."""
    program = [*STRICT_PYTHON, "-c", IN_HANDLER.replace("WORK", work), str(tmp_path / "net")]
    answer = subprocess.run(program, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert answer.returncode == 0, answer.stderr
