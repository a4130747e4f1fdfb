"""Charts that can be read, on a screen and on a projector: all text is in the picture, and none lies on other text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot
from chainrule.tables import TableEncoder, TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")
SLACK = 1.0  # pixels that a letter may leave its place by, as rounding lets it
PLACES = ("Torgersen", "Biscoe", "Dream")
ROWS = [[float(k), PLACES[k % 3]] for k in range(60)]
LONG_TITLE = "a title of a chart that does not fit into a single line of any of the figures that are drawn here"


def classifier(names: list[str]) -> tuple[TableModel, list[str]]:
    """A model with random weights, and a class of each row, of these in turn."""
    y, encoder = [names[k % len(names)] for k in range(len(ROWS))], TableEncoder().fit(ROWS)
    net = cr.Network.dense([encoder.n_features_out_, 4, len(names)], output="softmax", seed=0)
    return TableModel(encoder, ClassLabels.fit(y), (net,)), y


def confusion(projector: bool) -> Any:
    """Fifteen classes whose names begin alike."""
    model, y = classifier([f"a rather long class name {k}" for k in range(15)])
    return plot.confusion(model, ROWS, y, projector=projector)


def dependence(projector: bool, columns: list[str]) -> Any:
    """Of three classes."""
    return plot.partial_dependence(classifier(["Adelie", "Chinstrap", "Gentoo"])[0], ROWS, columns, projector=projector)


def targets(projector: bool) -> Any:
    """Of two numbers with long names."""
    y, encoder = [[3000.0 + 47.0 * k, 0.1 * k] for k in range(len(ROWS))], TableEncoder().fit(ROWS)
    net = cr.Network.dense([encoder.n_features_out_, 4, 2], hidden="tanh", seed=0)
    target = NumericLabels.fit(y, names=("the mass of the body in grams", "the length of the bill in millimetres"))
    return plot.partial_dependence(TableModel(encoder, target, (net,)), ROWS, ["x0", "x1"], projector=projector)


def residuals(projector: bool) -> Any:
    """Of numbers with four digits."""
    y, encoder = [3000.0 + 47.0 * k for k in range(len(ROWS))], TableEncoder().fit(ROWS)
    net = cr.Network.dense([encoder.n_features_out_, 4, 1], hidden="tanh", seed=0)
    return plot.residuals(TableModel(encoder, NumericLabels.fit(y), (net,)), ROWS, y, projector=projector)


def weights(projector: bool) -> Any:
    """Of a layer with eight inputs, in numbers of up to six characters."""
    net = cr.Network.dense([8, 3, 1], seed=1)
    net.W[1][0, :] = -0.0123
    return plot.weights(net, projector=projector)


def history(projector: bool) -> Any:
    """Of a single epoch."""
    run = cr.train(cr.Network.dense([1, 1]), [[0.0], [1.0]], [1.0, 3.0], epochs=1)
    return plot.history(run, title=LONG_TITLE, projector=projector)


CHARTS: dict[str, Callable[[bool], Any]] = {
    "confusion": confusion,
    "history": history,
    "partial dependence": lambda projector: dependence(projector, ["x0", "x1"]),
    "partial dependence of categories": lambda projector: dependence(projector, ["x1"]),
    "partial dependence of targets": targets,
    "residuals": residuals,
    "sigma": lambda projector: plot.sigma(*["relu", "tanh", "sine", "gelu", "sigmoid"], projector=projector),
    "weights": weights,
}


@pytest.mark.parametrize("projector", [False, True], ids=["screen", "projector"])
@pytest.mark.parametrize("name", CHARTS)
def test_all_text_is_in_the_picture(name: str, projector: bool) -> None:
    """No title, label, tick or legend is cut, and no axes are so flat that their label is longer than they are."""
    figure = CHARTS[name](projector)
    figure.draw_without_rendering()
    for part in [*figure.axes, *figure.legends]:
        box = part.get_tightbbox()
        assert min(box.x0, box.y0) >= -SLACK
        assert box.x1 <= figure.bbox.x1 + SLACK
        assert box.y1 <= figure.bbox.y1 + SLACK
    for axes in figure.axes:
        assert axes.yaxis.label.get_window_extent().height <= 1.2 * axes.get_window_extent().height


@pytest.mark.parametrize("projector", [False, True], ids=["screen", "projector"])
@pytest.mark.parametrize("name", CHARTS)
def test_no_number_lies_on_another(name: str, projector: bool) -> None:
    """The labels of an axis, and the numbers in the cells of a matrix, do not touch each other."""
    figure = CHARTS[name](projector)
    figure.draw_without_rendering()
    for axes in figure.axes:
        seen_in = axes.bbox.padded(30)
        turned = any(text.get_rotation() for text in axes.get_xticklabels())
        rows = [axes.get_yticklabels(), axes.texts, *([] if turned else [axes.get_xticklabels()])]
        for texts in rows:
            seen = [text for text in texts if text.get_text() and seen_in.overlaps(text.get_window_extent())]
            for one, other in combinations(seen, 2):
                a, b = one.get_window_extent(), other.get_window_extent()
                across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
                assert min(across, up) <= SLACK, (one.get_text(), other.get_text())


def test_each_class_has_a_marker_of_its_own() -> None:
    """Classes are told apart without colours, also where a column has categories."""
    figure = dependence(False, ["x1"])
    markers = [container[0].get_marker() for container in figure.axes[0].containers]
    assert len(set(markers)) == len(markers) == 3


def test_epochs_are_whole_numbers() -> None:
    """The axis of epochs has whole numbers, also after a single epoch."""
    (axes,) = history(False).axes
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks().tolist() if low <= tick <= high] == [1.0]


def test_many_activations_lie_in_rows_of_four() -> None:
    """Nine charts lie in three rows, with one legend below."""
    figure = plot.sigma(*["relu"] * 9)
    places = [axes.get_position() for axes in figure.axes]
    assert len({round(place.x0, 6) for place in places}) == 4
    assert len({round(place.y0, 6) for place in places}) == 3
    assert len(figure.legends) == 1
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["σ(z)", "σ′(z)", "kink"]


def test_long_names_keep_their_ends() -> None:
    """A name that is too long keeps its start and its end, by which names that begin alike differ."""
    figure = confusion(False)
    names = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert len(set(names)) == 15
    assert max(map(len, names)) <= 22
    assert names[0] == "a rather lo…ass name 0"


def test_counts_in_a_matrix_are_dark_on_light_cells() -> None:
    """Numbers are white only in cells with a share above 0.55."""
    figure = confusion(False)
    shares = np.asarray(figure.axes[0].images[0].get_array()).ravel()
    assert [text.get_color() == "white" for text in figure.axes[0].texts] == (shares > 0.55).tolist()
