"""The check of a timed run: its time counts only if its result is right."""

from __future__ import annotations

import math

from benchmarks.speed.workloads import Training, WholeProcess, Workload

# Relative to the progress log J(θ₀) − log J(θ) of the reference engine in the same steps, by dtype. Each peer rounds
# differently, and thousands of steps amplify the difference: 0.2 % was measured in float32 (16-64-32-1 and
# 784-512-512-10), 1e-14 in float64.
J_TOLERANCE = {"float32": 1e-2, "float64": 1e-9}
OUTPUT_TOLERANCE = 1e-5  # relative, of float32 outputs: 784 products in any order, times 2⁻²⁴, and a margin


def failure(workload: Workload, dtype: str, value: float, start: float, expected: float) -> str | None:
    """Returns the reason why the result ``value`` of a timed run is wrong, or None.

    The value is the final J of a training run (``start`` is J(θ₀), ``expected`` the reference engine's final J), the
    deviation of predictions from N(x), or the test accuracy of a whole process.
    """
    if not math.isfinite(value):
        return f"the result is {value}"
    if isinstance(workload, Training):
        if value <= 0.0 or abs(math.log(value / expected)) > J_TOLERANCE[dtype] * abs(math.log(start / expected)):
            return f"final J is {value:.6g}, the reference engine's {expected:.6g} (from {start:.6g})"
    elif isinstance(workload, WholeProcess):
        if value < workload.accuracy:
            return f"test accuracy is {value:.3f}, below {workload.accuracy}"
    elif value > OUTPUT_TOLERANCE:
        return f"outputs deviate by {value:.1e}, relative to the largest"
    return None
