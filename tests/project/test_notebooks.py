"""The HTML that a notebook shows for objects of the core: plain tables and formulas."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import chainrule as cr

NET = cr.Network.dense([2, 3, 1], hidden="tanh", seed=0)
X, Y = [[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0]
SHOWN: dict[str, tuple[Any, list[str]]] = {
    "network": (NET, ["Network(2-3-1", "W[i]", "2 → 3", "tanh"]),
    "layer": (NET.L[2], ["Layer(3 → 1", "cr.identity"]),
    "forward": (NET.forward([1.0, 2.0]), ["z[i]", "a[i]", "[1, 2]"]),
    "gradient": (cr.gradient(NET, "sum_of_squares", X, Y, wrt_a=True), ["δ[i]", "σ′(z[i])", "J(θ) = "]),
    "sigma": (cr.sigmoid, ["cr.sigmoid", "S(z) = 1/(1 + e⁻ᶻ)"]),
    "softmax": (cr.softmax, ["σ(z)ₖ = e^{zₖ} / Σₗ e^{zₗ}"]),
    "own sigma": (cr.Activation(np.tanh, name="<mine>"), ["<mine>"]),
    "cost": (cr.SumOfSquares(mean=True), ["SumOfSquares(mean=True)", "½ ‖a − y‖²"]),
    "history": (cr.train(NET.copy(), X, Y, epochs=40), ["gradient_norm", "learning_rate", "40 epochs"]),
}


class Reader(HTMLParser):
    """Collects the text, and the tags that are open."""

    def __init__(self) -> None:
        super().__init__()
        self.text, self.open = "", list[str]()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Opens a tag."""
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Closes the tag that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Adds text."""
        self.text += data


@pytest.mark.parametrize("name", SHOWN)
def test_objects_show_themselves(name: str) -> None:
    """The HTML is well-formed, every text is escaped, and it has the name, the formula or the columns."""
    value, parts = SHOWN[name]
    reader = Reader()
    reader.feed(value._repr_html_())
    reader.close()
    assert reader.open == []
    assert [part for part in parts if part not in reader.text] == []


def test_a_long_history_is_short() -> None:
    """Ten epochs are shown, the first and the last among them, without columns that hold nothing."""
    html = SHOWN["history"][0]._repr_html_()
    assert html.count("<tr>") == 11
    assert "validation_J" not in html
    assert ">40<" in html
