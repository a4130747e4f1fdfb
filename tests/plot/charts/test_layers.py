"""The charts of the weights and of the outputs of each layer."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot

pytest.importorskip("matplotlib")


def test_each_image_is_its_matrix() -> None:
    """The image of W[i] has its entries; 0 is mid-grey, what is negative darker and what is positive lighter."""
    net = cr.Network.dense([5, 3, 2, 1], seed=0)
    figure = plot.weights(net)
    panels = [axes for axes in figure.axes if axes.images]
    assert len(panels) == 3
    for i, axes in enumerate(panels, 1):
        (image,) = axes.images
        W = np.asarray(net.W[i])
        np.testing.assert_array_equal(np.asarray(image.get_array()), W)
        grey = image.to_rgba(W)[..., 0]
        np.testing.assert_array_equal(np.sign(grey - image.to_rgba(np.zeros(1))[0, 0]), np.sign(W))
        assert [text.get_text() for text in axes.texts] == [f"{entry:+.2g}".replace("-", "−") for entry in W.flat]
        assert all(tick == round(tick) for tick in axes.get_yticks())
        places = [text.get_position() for text in axes.texts]
        assert places == [(l, k) for k in range(1, W.shape[0] + 1) for l in range(1, W.shape[1] + 1)]


def test_special_matrices_have_images() -> None:
    """θ = 0, an entry that is not finite and a large matrix, without numbers, are drawn; five layers are two rows."""
    net = cr.Network.dense([2, 40, 3, 3, 3, 1], seed=0)
    net.theta[...] = 0.0
    net.W[3][0, 0] = np.nan
    panels = [axes for axes in plot.weights(net).axes if axes.images]
    assert len(panels) == 5
    assert not panels[0].texts
    assert panels[0].images[0].get_clim() == (-1.0, 1.0)
    np.testing.assert_array_equal(
        np.ma.getmaskarray(np.ma.asarray(panels[2].images[0].get_array())), np.isnan(net.W[3])
    )
    assert panels[4].get_subplotspec().rowspan.start == 1  # type: ignore[union-attr]


def test_rows_of_the_first_layer_are_images() -> None:
    """With the shape of x, each unit k of layer 1 has an image of its row, numbered from 1 and on one scale."""
    net = cr.Network.dense([6, 10, 3], seed=0)
    figure = plot.weights(net, images=(2, 3))
    panels = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in panels] == [str(k) for k in range(1, 11)]
    limit = abs(np.asarray(net.W[1])).max()
    for row, axes in zip(np.asarray(net.W[1]), panels, strict=True):
        np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), row.reshape(2, 3))
        assert axes.images[0].get_clim() == (-limit, limit)


def test_of_many_units_64_are_images() -> None:
    """A layer of 65 units has 64 images, and its title says so; a layer of one unit has one."""
    for m, count, title in ((65, 64, "W[1], 65 × 4, rows 1 … 64"), (1, 1, "W[1], 1 × 4")):
        figure = plot.weights(cr.Network.dense([4, m, 1]), images=(2, 2))
        assert sum(bool(axes.images) for axes in figure.axes) == count
        assert figure.get_suptitle() == title


def test_images_of_another_size_are_refused() -> None:
    """The pixels of an image are the n entries of x."""
    net = cr.Network.dense([6, 2])
    for images in ((2, 2), (6,), "6", (-2, -3), (2.0, 3.0)):
        with pytest.raises(cr.InputError, match="images must be a height and a width whose product is n = 6"):
            plot.weights(net, images=images)  # type: ignore[arg-type]


def test_histograms_have_the_outputs_of_each_layer() -> None:
    """The bars of layer i are the shares of all a[i] and add up to 1, and dashed lines end the range of σ[i]."""
    net = cr.Network.dense([2, 6, 1], hidden="tanh", output="sigmoid", seed=0)
    X = np.random.default_rng(0).standard_normal((50, 2))
    a = net.forward(X).a
    for i, (axes, ends) in enumerate(zip(plot.activations(net, X).axes, [(-1, 1), (0, 1)], strict=True), 1):
        (bars,) = axes.patches
        shares, edges, _ = bars.get_data()  # type: ignore[attr-defined]
        np.testing.assert_array_equal(shares, np.histogram(a[i], edges)[0] / a[i].size)
        assert shares.sum() == pytest.approx(1.0)
        assert tuple(np.asarray(line.get_xdata())[0] for line in axes.lines) == ends


def test_outputs_that_are_all_equal_have_a_histogram() -> None:
    """A single example, equal outputs and outputs that differ in the last bit have bars that add up to 1."""
    net = cr.Network([cr.Layer([[1.0]], [0.0], "identity")])
    for X in ([0.0], [[1.0], [1.0]], [[1.0], [np.nextafter(1.0, 2.0)]]):
        (bars,) = plot.activations(net, X).axes[0].patches
        assert bars.get_data()[0].sum() == pytest.approx(1.0)  # type: ignore[attr-defined]


def test_complex_numbers_and_overflow_are_refused() -> None:
    """A complex network and outputs that are not finite have a message each."""
    net = cr.Network([cr.Layer([[1e300]], [0.0], "identity")])
    for chart in (plot.weights, lambda net: plot.activations(net, [[1.0]])):
        with pytest.raises(cr.InputError, match="net must be float32 or float64"):
            chart(net.astype(complex))
    with pytest.raises(cr.InputError, match=r"a\[1\] must be finite to be drawn"):
        plot.activations(net, [[1e300]])
