"""When a timed run counts: its result must be the right one."""

from __future__ import annotations

import math

from benchmarks.workloads import ColdProcess, Training, Workload

# Of the progress log J(θ₀) − log J(θ) that the reference engine makes in the same steps, by dtype. Rounding differs
# from peer to peer, and thousands of steps amplify it: measured 0.2 % in float32 (S, C), 1e-14 in float64.
J_TOLERANCE = {"float32": 1e-2, "float64": 1e-9}
OUTPUT_TOLERANCE = 1e-5  # relative, of float32 outputs: 784 products in some order, times 2⁻²⁴, and a margin


def failure(workload: Workload, dtype: str, value: float, start: float, expected: float) -> str | None:
    """Why the result ``value`` of a timed run is wrong, or None.

    The value is the final J of a training run (``start`` is J(θ₀), ``expected`` the reference engine's final J), the
    deviation of predictions from N(x), or the test accuracy of a whole process.
    """
    if not math.isfinite(value):
        return f"the result is {value}"
    if isinstance(workload, Training):
        if value <= 0.0 or abs(math.log(value / expected)) > J_TOLERANCE[dtype] * abs(math.log(start / expected)):
            return f"final J is {value:.6g}, the reference engine's {expected:.6g} (from {start:.6g})"
    elif isinstance(workload, ColdProcess):
        if value < workload.accuracy:
            return f"test accuracy is {value:.3f}, below {workload.accuracy}"
    elif value > OUTPUT_TOLERANCE:
        return f"outputs deviate by {value:.1e}, relative to the largest"
    return None
