"""Notebooks: the HTML that they show for objects of the core, and those of the documentation, which run."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.project.notebooks import run

import chainrule as cr

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide"
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


def test_the_page_of_drawings_draws() -> None:
    """The cells of the page run in order, and the last drawing is that of a projector."""
    pytest.importorskip("matplotlib")
    names = run(GUIDE / "draw.md")
    assert {label.size for label in names["drawing"].scene.labels} == {20.0}


def test_the_page_of_exercises_names_two_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    """The cells of the page run in order; the answers with planted mistakes and the faulty function are found out."""
    run(GUIDE / "exercises.md")
    marks = capsys.readouterr().out
    for sentence in ("J: a factor 2 too much", "∂J/∂W[1]: ", "δ[2]: wrong sign", "δ[1]: "):
        assert sentence in marks


def test_a_network_is_watched_as_it_learns(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The cells of the page run in order and draw three figures; J falls in each step that they print, the network fits
    the wave, and the faults that were planted are the only ones found."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    try:
        names = run(GUIDE / "watch-it-learn.md")
        assert len(pyplot.get_fignums()) == 3
    finally:
        pyplot.close("all")
    printed = capsys.readouterr().out
    J = [float(number) for number in re.findall(r"J = ([\d.]+)", printed)]
    assert len(J) == 3
    assert J == sorted(J, reverse=True)
    assert names["J"](names["net"], names["X"], names["Y"]) < 0.01
    assert re.findall(r"^[a-z ]+(?=:)", printed.partition("no findings")[2], re.MULTILINE) == [
        "unscaled inputs", "saturated units",
    ]  # fmt: skip
