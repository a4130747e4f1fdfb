"""The methods of a network that show or save it; each loads the room that does the work when it is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, cast

from numpy.typing import ArrayLike

from chainrule._internal.sparse_rows import RowsLike

if TYPE_CHECKING:
    from chainrule.costs import Cost, TrainingSet
    from chainrule.explain import Explanation
    from chainrule.network.network import Network
    from chainrule.plot import Drawing


class Conveniences:
    """The base class of `Network`, with the methods that explain, draw, save and write it."""

    __slots__ = ()

    def explain(
        self,
        x: RowsLike | TrainingSet,
        y: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        *,
        cost: Cost | str = "sum_of_squares",
        learning_rate: float | None = None,
        detail: Literal["matrix", "scalar"] = "matrix",
        digits: int = 6,
        exact: bool = False,
        lang: str = "en",
    ) -> Explanation:
        """Shows each step of N(x), J and ∇J(θ) for x (n,) or (t, n) on a page; see `chainrule.explain.explain`.

        Raises InputError as `cr.gradient` does, and for other words of ``detail`` or ``lang`` and for digits beyond 17.

        >>> import chainrule as cr
        >>> e = cr.Network([cr.Layer(2.0, 1.0, "identity")]).explain(3.0, 5.0)
        >>> "z[1] = W[1] a[0] + b[1] = 2 · 3 + 1 = 7" in e.text()
        True

        Source: Lecture, L5 – L17.
        """
        from chainrule.explain import explain

        return explain(
            _network(self), x, y, weights, cost=cost, learning_rate=learning_rate, detail=detail, digits=digits,
            exact=exact, lang=lang,
        )  # fmt: skip

    def draw(
        self,
        x: RowsLike | None = None,
        y: ArrayLike | None = None,
        *,
        cost: Cost | str = "sum_of_squares",
        show: Literal["a", "delta", "gradient"] | None = None,
        path: Sequence[str | int] | None = None,
        digits: int = 3,
        projector: bool = False,
        lang: str = "en",
    ) -> Drawing:
        """Draws the layers 0 … r, with x (n,) and y (m,) the numbers of the chain rule; see `chainrule.plot.draw`.

        Raises InputError for other words of ``show``, a ``path`` from no entry of θ, and an example of wrong shape.

        >>> import chainrule as cr
        >>> "d = Σᵢ mᵢ (mᵢ₋₁ + 1)" in cr.Network.dense([5, 3, 2, 1]).draw().svg()
        True

        Source: Lecture, L5 – L17.
        """
        from chainrule.plot import draw

        return draw(
            _network(self), x, y, cost=cost, show=show, path=path, digits=digits, projector=projector, lang=lang
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the network to ``path`` atomically: one safetensors file with a JSON header (docs/guide/files.md).

        Raises OSError if the file cannot be written; an older file of that name is then still intact.

        >>> import chainrule as cr, tempfile, os
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, "model.safetensors")
        ...     cr.Network.dense([5, 3, 2, 1]).save(path)
        ...     cr.load(path).m
        (5, 3, 2, 1)
        """
        from chainrule.files import save

        save(_network(self), path)

    def to_text(self) -> str:
        """Returns the definition as text in the lecture's notation, which `parse` reads back bit for bit.

        Raises InputError for a complex θ, a dropout that follows a schedule, or a σ whose name is not one word.
        """
        from chainrule.files import to_text

        return to_text(_network(self))

    def to_latex(self, digits: int = 6) -> str:
        """Returns the definition in LaTeX: N, W[i], b[i] and σ[i], large matrices in part; see ``to_text``."""
        from chainrule.explain import definition_in_latex

        return definition_in_latex(_network(self), digits)


def _network(self: Conveniences) -> Network:
    """Returns the object as the network that it is."""
    return cast("Network", self)
