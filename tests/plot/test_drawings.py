"""Drawings of networks: what is drawn, where, and that every number is that of `cr.gradient`."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Literal, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.strategies import layer_counts, random_case, seeds

import chainrule as cr
from chainrule.activations import ACTIVATIONS
from chainrule.explain.case import as_case
from chainrule.explain.document.formula import Number
from chainrule.explain.entries import arrays
from chainrule.explain.pen import Pen
from chainrule.explain.printers.box import number_text
from chainrule.explain.printers.text import plain
from chainrule.explain.words import in_language
from chainrule.plot import Drawing
from chainrule.plot.glyphs import width
from chainrule.plot.graph import Graph
from chainrule.plot.network_graph import MOST_UNITS, Show
from chainrule.plot.path_graph import path_graph

DIGITS = 5


def numbers(drawing: Drawing) -> Counter[str]:
    """The numbers on a drawing, as text, with how often each is there."""
    parts = [part for label in drawing.scene.labels for part in label.text]
    return Counter(number_text(part.value, part.digits) for part in parts if isinstance(part, Number))


def written(*values: object) -> Counter[str]:
    """The numbers of arrays as a drawing writes them."""
    flat = np.concatenate([np.ravel(np.asarray(value)) for value in values])
    return Counter(number_text(float(value), DIGITS) for value in flat)


@pytest.mark.parametrize("sigma", ["tanh", "relu", "softmax", "layer_norm"])
@pytest.mark.parametrize("cost", [cr.SumOfSquares(), cr.CrossEntropy(), cr.Huber(l2=0.1)], ids=lambda cost: cost.name)
def test_every_number_is_that_of_the_gradient(sigma: str, cost: cr.Cost) -> None:
    """Each a, δ, ∂J/∂W, ∂J/∂b, W, b and J, to the digits shown, as often as it is there, and no other number."""
    for r in (1, 2, 3):
        case = random_case(ACTIVATIONS[sigma], cost, r, 1)
        if case is None:
            continue
        net, x, y = case.net, case.X[0], case.Y[0]
        g = cr.gradient(net, cost, x, y, wrt_a=True)
        assert g.run is not None
        assert g.a is not None
        drawn: dict[Show, Counter[str]] = {
            "a": written(*g.run.a, *net.W, *net.b, g.J),
            "delta": written(g.a[0], *g.delta, *net.W, *net.b, g.a[r], g.J),
            "gradient": written(*g.run.a, *g.delta, *g.W, *g.b, g.J),
        }
        for show, expected in drawn.items():
            assert numbers(net.draw(x, y, cost=cost, show=show, digits=DIGITS)) == expected
        assert numbers(net.draw(x, digits=DIGITS)) == written(*g.run.a, *net.W, *net.b)


def sum_of_paths(graph: Graph) -> float:
    """The sum over all paths of a graph of the product of the numbers on their lines."""
    reached = {(0, 0): 1.0}
    for edge in sorted(graph.edges, key=lambda edge: edge.c):
        assert edge.number is not None
        end = (edge.c + 1, edge.end)
        reached[end] = reached.get(end, 0.0) + reached[edge.c, edge.start] * edge.number
    return reached[len(graph.columns) - 1, 0]


def test_the_factors_along_the_paths_give_the_derivative() -> None:
    """Multiplied along each path and added up, the numbers on the lines are the entry of ∇J, for every kind of σ."""
    pen = Pen(in_language("en"), DIGITS, is_scalar=False)
    for sigma, cost, r in itertools.product(("tanh", "softmax"), (cr.SumOfSquares(), cr.CrossEntropy()), (1, 2, 3)):
        made = random_case(ACTIVATIONS[sigma], cost, r, 1)
        if made is None or max(made.net.m) > MOST_UNITS:
            continue
        case = as_case(made.net, made.X, made.Y, None, cost, None)
        for array in arrays(made.net):
            entry = array.entry(array.places.size - 1)
            found = sum_of_paths(path_graph(case, entry, pen))
            assert found == pytest.approx(float(case.gradient.theta[entry.place]), rel=1e-10, abs=1e-15)


def test_a_path_is_drawn_with_its_sum() -> None:
    """1-2-1 by hand: W[1]₂₁ acts by 2, 1, 4, 1 and 12 on J, so ∂J/∂W[1]₂₁ = 96."""
    net = cr.Network([cr.Layer([[1.0], [2.0]], [0.0, 0.0], "identity"), cr.Layer([[3.0, 4.0]], [0.0], "relu")])
    drawing = net.draw(2.0, 10.0, path=("W", 1, 2, 1))
    labels = [plain(label.text) for label in drawing.scene.labels]
    assert [label for label in labels if "[" not in label][:5] == ["2", "1", "4", "1", "12"]
    assert "∂J/∂W[1]₂₁ = p₁ = 96" in labels
    assert len(drawing.scene.discs) == 6


@settings(max_examples=25, deadline=None)
@given(st.data(), layer_counts, seeds, st.booleans(), st.sampled_from([None, *get_args(Show), "path"]))
def test_nothing_meets(data: st.DataObject, r: int, seed: int, projector: bool, show: Show | Literal["path"]) -> None:
    """No label meets another, none on a line meets a unit, the text of a unit is in it, and all lies in the picture."""
    m = data.draw(st.lists(st.integers(1, 9), min_size=r + 1, max_size=r + 1))
    rng = np.random.default_rng(seed)
    net = cr.Network.dense(m, hidden="tanh", seed=seed)
    net.theta = rng.normal(size=net.d) * 10.0 ** rng.integers(-9, 9, size=net.d)
    x, y = rng.normal(size=m[0]), rng.normal(size=m[-1])
    if show == "path":
        scene = net.draw(x, y, path=("W", 1, 1, 1), projector=projector).scene
    else:
        scene = net.draw(*(() if show is None else (x, y)), show=show, projector=projector).scene
    left, right = np.array([(label.left, label.left + label.width) for label in scene.labels]).T
    top, bottom = np.array([label.centre.y + label.size * np.array([-0.5, 0.5]) for label in scene.labels]).T
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (right <= scene.width).all()
    assert (bottom <= scene.height).all()
    meets = (left < right[:, None]) & (left[:, None] < right) & (top < bottom[:, None]) & (top[:, None] < bottom)
    assert not (meets & ~np.eye(len(meets), dtype=bool)).any()
    for disc in scene.discs:
        x_of, y_of = np.array([left, right]) - disc.centre.x, np.array([top, bottom]) - disc.centre.y
        is_within = np.hypot(abs(x_of).max(axis=0), abs(y_of).max(axis=0)) <= disc.radius + 1e-9
        across, down = (np.clip(0.0, *sides) for sides in (x_of, y_of))
        assert (is_within | (np.hypot(across, down) >= disc.radius - 1e-9)).all()


def test_large_layers_are_drawn_in_part() -> None:
    """Of 784-512-3 the first three units, dots and the last are drawn, with every bias: 5 + 5 + 3 units, 2 dots."""
    net = cr.Network.dense([784, 512, 3])
    scene = net.draw().scene
    assert len(scene.discs) == 5 + 5 + 3
    assert sum(label.text == ("⋮",) for label in scene.labels) == 2
    assert len(scene.lines) == 5 * 4 + 5 * 3
    assert "a[0]₇₈₄" in {plain(label.text) for label in scene.labels}


@given(st.lists(st.integers(1, MOST_UNITS), min_size=2, max_size=5))
def test_every_unit_weight_and_bias_is_drawn(m: list[int]) -> None:
    """A small network has a disc for each unit and each bias, and a line for each parameter."""
    net = cr.Network.dense(m)
    scene = net.draw().scene
    assert len(scene.discs) == sum(m) + net.r
    assert sum(disc.is_shaded for disc in scene.discs) == net.r
    assert len(scene.lines) == net.d


def test_weights_that_are_no_parameters_are_not_drawn() -> None:
    """A block-diagonal W[1] of two blocks has a line for each entry of its blocks."""
    net = cr.Network([cr.Layer(cr.Diagonal([2.0, 3.0]), [0.0, 1.0], "tanh"), cr.Layer([[1.0, 2.0]], [0.0], "identity")])
    assert len(net.draw([1.0, 2.0]).scene.lines) == net.d == 2 + 2 + 2 + 1


def test_negative_numbers_are_dashed() -> None:
    """The sign is there without colour, and the thickest line is that of the largest number."""
    lines = cr.Network([cr.Layer([[-2.0, 1.0]], [0.5], "identity")]).draw([1.0, 1.0]).scene.lines
    assert [line.look for line in lines] == ["negative", "positive", "positive"]
    assert lines[0].thickness > lines[1].thickness > lines[2].thickness


def test_widths_are_upper_bounds() -> None:
    """No letter of a drawing is wider in DejaVu Sans, the widest of the fonts, than the table says."""
    text_path = pytest.importorskip("matplotlib.textpath")
    font = pytest.importorskip("matplotlib.font_manager").FontProperties(family="DejaVu Sans", size=100)
    net = cr.Network.dense([12, 3, 2], hidden="layer_norm", output="softmax")
    drawings = [net.draw(), net.draw(np.ones(12), 1, cost="cross_entropy", path=("W", 1, 2, 11))]
    letters = {letter for d in drawings for label in d.scene.labels for letter in plain(label.text)}
    for letter in sorted(letters | set("0123456789.e−∞NaN")):
        measured, _, _ = text_path.TextToPath().get_text_width_height_descent(letter, font, ismath=False)
        assert measured / 100 <= width(letter), letter


BAD = [
    ({"show": "z", "x": [1.0, 2.0]}, 'show must be "a", "delta" or "gradient"; got \'z\''),
    ({"x": [1.0, 2.0], "show": "delta"}, 'y is missing: show="delta" needs J'),
    ({"x": [1.0, 2.0], "path": ("W", 1, 1, 1)}, "y is missing: path needs J"),
    ({"show": "a"}, "x is missing"),
    ({"x": [1.0, 2.0], "y": 1.0, "show": "a", "path": ("b", 1, 1)}, "show and path are two pictures"),
    ({"x": [1.0, 2.0], "y": 1.0, "path": "W"}, r'path must be \("W", i, k, l\)'),
    ({"x": [1.0, 2.0], "y": 1.0, "path": ("W", 1, 9, 1)}, r"k must be 1 to 3 for W\[1\]; got 9"),
    ({"x": [[1.0, 2.0]] * 2, "y": [1.0, 1.0], "show": "a"}, r"x must be one example \(n,\) to be drawn; got 2 rows"),
    ({"x": [[1.0, 2.0]] * 2}, r"x must be one example \(n,\) to be drawn; got 2 rows"),
    ({"x": [1.0, 2.0, 3.0]}, r"x must have shape \(2,\)"),
    ({"digits": 0}, "digits must be an integer ≥ 1; got 0"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_refused(arguments: dict[str, object], message: str) -> None:
    """The message names the argument, what there may be, and what came."""
    with pytest.raises(cr.InputError, match=message):
        cr.Network.dense([2, 3, 1], hidden="tanh").draw(**arguments)  # type: ignore[arg-type]


def test_sparse_rows_and_complex_networks() -> None:
    """A sparse row is drawn as the dense one is; a complex network is refused."""
    sparse = pytest.importorskip("scipy.sparse")
    net = cr.Network.dense([2, 3, 1], hidden="tanh")
    row = sparse.csr_array([[0.0, 2.0]])
    assert net.draw(row) == net.draw([0.0, 2.0])
    assert net.draw(row, 1.0, show="gradient") == net.draw([0.0, 2.0], 1.0, show="gradient")
    with pytest.raises(cr.InputError, match="net must be float32 or float64 to be shown; got complex128"):
        net.astype("complex128").draw()
