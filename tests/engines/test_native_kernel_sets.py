"""Kernel sets: the best that the CPU runs, or the one that CHAINRULE_KERNELS forces, each within the derived bounds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.patience import LIMIT

from chainrule.engines import native


def python(code: str, kernels: str) -> subprocess.CompletedProcess[str]:
    """Runs a program in a process of its own with this value of CHAINRULE_KERNELS."""
    here = Path(__file__).parent
    folders = [str(here), str(here / "curvature"), str(here.parent)]
    program = f"import sys; sys.path[:0] = {folders!r}\n" + textwrap.dedent(code)
    environment = {**os.environ, "CHAINRULE_KERNELS": kernels}
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False)


PRINT_KERNEL_SET = """
import numpy as np, chainrule as cr
try:
    cr.Network.dense([2, 3, 1])(np.ones((9, 2)), engine="native")
    from chainrule import _native
    print(_native.kernel_set())
except ValueError as error:
    print(error)
"""


def runnable() -> list[str]:
    """The kernel sets that this CPU runs, the best first, as an error message lists them."""
    said = python(PRINT_KERNEL_SET, "none").stdout
    found = re.fullmatch(
        r"CHAINRULE_KERNELS must name a kernel set that this CPU runs: ([\w, ]+); got 'none'\. "
        r"Unset it to take the best one\.\n",
        said,
    )
    assert found, said
    return found[1].split(", ")


@pytest.mark.native
def test_unknown_kernel_sets_are_refused() -> None:
    """A kernel set that does not exist, or that this CPU cannot run, is refused with the names of those it can run; an
    empty name selects the best."""
    names = runnable()
    assert names[-1] == "baseline" or names == ["neon", "baseline"]
    assert python(PRINT_KERNEL_SET, "").stdout.strip() == names[0]
    for other in {"avx512", "avx2", "neon", "AVX2", "baseline "} - set(names):
        assert f"that this CPU runs: {', '.join(names)}; got '{other}'" in python(PRINT_KERNEL_SET, other).stdout
    if not os.environ.get("CHAINRULE_KERNELS"):
        assert native.native.kernel_set() == names[0]


@pytest.mark.native
@pytest.mark.parametrize("kernels", ["avx512", "avx2", "baseline", "neon"])
def test_each_kernel_set_is_within_the_bounds(kernels: str) -> None:
    """The forced set runs; its outputs, gradients and training steps are within the derived bound of the reference, and
    any number of threads gives the same bits."""
    if kernels not in runnable():
        pytest.skip(f"this CPU does not run {kernels}")
    answer = python(
        """
        from chainrule import _native
        import chainrule as cr
        from chainrule.activations import ACTIVATIONS
        from chainrule.costs import COSTS
        import chainrule.engines.thread_counts
        import test_native_constrained as constrained, test_native_gradients as gradients
        import test_native_normal_equations as normal_equations
        import test_native_threads as threads, test_native_training as training

        gradients.SIZES = gradients.SIZES[1:4:2] + gradients.SIZES[5:]
        costs = list(COSTS.values())
        for k, sigma in enumerate(gradients.SIGMAS):
            gradients.test_gradients(sigma, costs[k % len(costs)])
            gradients.test_dropout(sigma, (3, 5, 2) if k % 2 else (5, 70, 40, 3), gradients.DTYPES[k // 2 % 2])
        for kind in costs:
            gradients.test_gradients(cr.tanh, kind)
        for sigma in (cr.gelu, cr.softmax):
            for dtype in gradients.DTYPES:
                gradients.test_outputs(sigma, dtype)
        for parameters in training.plans()[::7]:
            training.test_the_path_agrees_with_the_reference(*parameters.values)
        for name in constrained.NETS:
            for dtype in gradients.DTYPES:
                constrained.test_gradients(name, dtype)
                constrained.test_outputs(name, dtype)
        for sigma in (cr.mish, cr.selu, cr.sigmoid):
            constrained.test_each_parametric_sigma(sigma)
        constrained.test_kappa_of_1_and_0()
        for number, name in enumerate(["scaled inputs", "embedded inputs", "blocks above"]):
            for dtype in gradients.DTYPES:
                constrained.test_dropout(name, dtype)
            constrained.test_the_path_agrees_with_the_reference(number + 4, name)
        for sigma in (cr.tanh, cr.gelu, cr.softmax):
            normal_equations.test_they_lie_within_the_derived_bounds(sigma)
        chainrule.engines.thread_counts.FLOP_PER_THREAD = 1e-9
        for way in threads.WAYS:
            for dtype in gradients.DTYPES:
                problem = threads.make_problem(way, dtype, cr.Adam(0.01, clip_norm=0.1), 50, 16, dropout=0.2)
                assert threads.trained(problem, 1) == threads.trained(problem, 3)
        for name in ("embedded inputs", "blocks above"):
            problem = constrained.make_problem(name, cr.Adam(0.01, clip_norm=0.1), "float32", 2)
            assert threads.trained(problem, 1) == threads.trained(problem, 3)
        print(_native.kernel_set())
        """,
        kernels,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == kernels
