"""The public function that draws a network, with the numbers of the chain rule (Lecture, L5 – L17)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from chainrule._internal.checks import as_integer, shown
from chainrule._internal.sparse_rows import RowsLike, SparseRows
from chainrule.costs import Cost
from chainrule.errors import InputError
from chainrule.explain.case import Case, as_case, require_real
from chainrule.explain.entries import as_entry
from chainrule.explain.pen import Pen
from chainrule.explain.words import in_language
from chainrule.network import Network
from chainrule.network.forward import silent
from chainrule.plot.drawing import Drawing
from chainrule.plot.layout import PROJECTOR, SCREEN, scene_of
from chainrule.plot.network_graph import Numbers, Show, network_graph, numbers_of_case, numbers_of_run
from chainrule.plot.path_graph import path_graph

SHOWN = ("a", "delta", "gradient")


@silent
def draw(
    net: Network,
    x: RowsLike | None = None,
    y: ArrayLike | None = None,
    *,
    cost: Cost | str = "sum_of_squares",
    show: Show | None = None,
    path: Sequence[str | int] | None = None,
    digits: int = 3,
    projector: bool = False,
    lang: str = "en",
) -> Drawing:
    """Draws the layers 0 … r with every W[i] and b[i], and with an example (x, y) the numbers of its chain rule.

    z[i] = W[i] a[i−1] + b[i],   a[i] = σ[i](z[i]),   δ[i] = ∂J/∂z[i],   ∂J/∂W[i] = δ[i] a[i−1]ᵀ,   ∂J/∂b[i] = δ[i].
    Without x the units have their letters, and the sizes, W[i] ∈ ℝ^{mᵢ×mᵢ₋₁}, σ[i] and d are written below. With x (n,)
    ``show`` chooses the numbers: "a", the outputs of the units, and W and b on the lines; with y (m,) also "delta", the
    δ[i] of the units, and the weights that take them back; or "gradient", a[i] and δ[i] in the units, and ∂J/∂W[i] and
    ∂J/∂b[i] on the lines. ``path=("W", 1, 2, 3)`` draws the paths from W[1]₂₃ to J instead, z and a apart, with the
    factor on each line and the sum of their products, which is ∂J/∂W[1]₂₃; "b" and "kappa" have one index k. Of a large
    layer the first units and the last are drawn. Numbers have ``digits`` significant digits. ``projector`` makes the
    text and the lines larger. ``lang`` is "en" or "ja".

    Raises InputError for other values of ``show``, for an example of wrong shape or more than one, for "delta",
    "gradient" or a path without y, for a path that the network does not have, and as `gradient` does; UnknownName for
    another language.

    >>> import chainrule as cr
    >>> from chainrule.plot import draw
    >>> net = cr.Network([cr.Layer(2.0, 1.0, "identity")])
    >>> picture = draw(net, 3.0, 5.0, show="gradient")                                      # or net.draw(…)
    >>> [word for word in ("∂J/∂W[i]", ">6<") if word in picture.svg()]
    ['∂J/∂W[i]', '>6<']

    Source: Lecture, L5 – L17.
    """
    require_real(net)
    if show is not None and show not in SHOWN:
        raise InputError(f'show must be "a", "delta" or "gradient"; got {shown(show)}.')
    if path is not None and show is not None:
        raise InputError("show and path are two pictures; leave one of them out.")
    pen = Pen(in_language(lang), as_integer(digits, "digits", 1, 17), is_scalar=False)
    sizes = PROJECTOR if projector else SCREEN
    if x is None:
        if y is not None or show is not None or path is not None:
            raise InputError("x is missing: y, show and path need the numbers of one example.")
        return Drawing(scene_of(network_graph(net, None, pen), sizes))
    if path is not None:
        letter, i, k, l = _indices(path)
        entry = as_entry(net, letter, i, k, l)
        return Drawing(scene_of(path_graph(_case(net, x, y, cost, "path"), entry, pen), sizes))
    chosen: Show = "a" if show is None else show
    graph = network_graph(net, _numbers(net, x, y, cost, chosen, pen), pen, is_reversed=chosen == "delta")
    return Drawing(scene_of(graph, sizes))


def _numbers(net: Network, x: RowsLike, y: ArrayLike | None, cost: Cost | str, show: Show, pen: Pen) -> Numbers:
    if y is not None or show != "a":
        return numbers_of_case(_case(net, x, y, cost, f'show="{show}"'), show, pen)
    run = net.forward(x)
    rows = [part.toarray() if isinstance(part, SparseRows) else np.atleast_2d(part) for part in run.a]
    if len(rows[0]) > 1:
        raise InputError(_ONE.format(t=len(rows[0])))
    return numbers_of_run(net, [part[0] for part in rows])


_ONE = "x must be one example (n,) to be drawn; got {t} rows. Choose one, such as X[0]."


def _case(net: Network, x: RowsLike, y: ArrayLike | None, cost: Cost | str, what: str) -> Case:
    """Returns the case of one example."""
    if y is None:
        raise InputError(f"y is missing: {what} needs J, and so the label of x.")
    case = as_case(net, x, y, None, cost, None)
    if case.t > 1:
        raise InputError(_ONE.format(t=case.t))
    return case


def _indices(path: object) -> tuple[object, object, object, object]:
    if isinstance(path, str) or not isinstance(path, Sequence) or len(path) not in (3, 4):
        raise InputError(f'path must be ("W", i, k, l), ("b", i, k) or ("kappa", i, k); got {shown(path)}.')
    letter, i, k, *rest = path
    return letter, i, k, rest[0] if rest else None
