"""N(x) over one input, as the sum of what the units of the last hidden layer add to it (Lecture, L7, L8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from chainrule import activations
from chainrule._internal.checks import as_rows
from chainrule.costs import SumOfSquares
from chainrule.costs.training_set import ExamplesLike, unpacked
from chainrule.errors import InputError
from chainrule.explain.case import require_real
from chainrule.network import Network
from chainrule.network.forward import forward, silent
from chainrule.plot.charts.figure import BLUE, GREY, VERMILION, finish, new_figure, widened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POINTS = 400  # of each curve
MOST_SHARES = 12  # that are drawn: those of the largest range
WIDTH, HEIGHT = 7.0, 4.2  # in inches


@silent
def fit(
    net: Network, X: ExamplesLike, Y: ArrayLike | None = None, *, title: str = "", projector: bool = False
) -> Figure:
    """Draws N(x) of a network ℝ → ℝ as a curve, the examples as points, and the shares that add up to N(x).

    With σ[r] = identity, N(x) = z[r] = b[r] + Σₗ W[r]₁ₗ a[r−1]ₗ: the share of unit l is W[r]₁ₗ a[r−1]ₗ, a thin dashed
    line. Of more than 12 units those with the largest range are drawn. With another σ[r] there are no shares: they add
    up to z[r] alone. X is (t, 1), Y is (t,) or (t, 1); a `TrainingSet` holds both. ``projector`` makes type and lines
    larger. The result is a Figure of Matplotlib.

    Raises InputError for a network with more than one input or output or with complex numbers, and for examples that do
    not fit it; MissingExtra if Matplotlib is not installed.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([1, 3, 1], seed=0)
    >>> [line.get_label() for line in cr.plot.fit(net, [[0.0], [1.0]], [1.0, 3.0]).axes[0].lines][-2:]
    ['N(x)', 'examples']

    Source: Lecture, L7, L8.
    """
    require_real(net)
    if (net.m[0], net.m[-1]) != (1, 1):
        raise InputError(f"net must have one input and one output for this chart; got n = {net.m[0]}, m = {net.m[-1]}.")
    inputs, labels, _ = unpacked(X, Y, None)
    rows = as_rows(inputs, 1, "X", net.dtype)
    data = SumOfSquares().examples(net, rows, labels, None)
    low, high = widened(rows)
    x = np.linspace(low, high, POINTS, dtype=net.dtype)  # (POINTS, 1)
    run = forward(net, x)
    shares = run.a[net.r - 1] * np.asarray(net.W[net.r])  # (POINTS, m_{r−1})
    if net.sigma[net.r] is not activations.identity:
        shares = shares[:, :0]
    largest = np.sort(np.argsort(-np.ptp(shares, axis=0), kind="stable")[:MOST_SHARES])

    figure = new_figure(WIDTH, HEIGHT, projector)
    axes = figure.add_subplot()
    count = "" if len(largest) == shares.shape[1] else f", {len(largest)} of {shares.shape[1]} units"
    for n, l in enumerate(largest):
        label = "" if n else f"W[{net.r}]₁ₗ a[{net.r - 1}]ₗ{count}"
        axes.plot(x[:, 0], shares[:, l], "--", color=GREY, linewidth=0.8, label=label)
    axes.plot(x[:, 0], run.a[net.r][:, 0], color=BLUE, linewidth=2.0, label="N(x)")
    axes.plot(rows[:, 0], data.Y[:, 0], "o", color=VERMILION, markersize=4, label="examples")
    axes.set_xlabel("x")
    finish(axes, title)
    axes.legend(frameon=False)
    return figure
