"""The chart of activations."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import plot
from chainrule.activations import ACTIVATIONS, Activation

pytest.importorskip("matplotlib")


def test_the_curves_are_sigma_and_its_derivative() -> None:
    """Of every entrywise σ: each solid curve is σ, each dashed one σ′, and no curve crosses a kink."""
    sigmas = [sigma for sigma in ACTIVATIONS.values() if isinstance(sigma, Activation)]
    for sigma, axes in zip(sigmas, plot.sigma(*sigmas).axes, strict=True):
        kinks = [] if sigma.smooth else [kink for kink in sigma.kinks if abs(kink) < 4]
        curves = [line for line in axes.lines if line.get_linestyle() != "None"]
        assert len(curves) == 2 * (len(kinks) + 1)
        for line in curves:
            z, values = np.asarray(line.get_xdata()), line.get_ydata()
            expected = sigma(z) if line.get_linestyle() == "-" else sigma.derivative(z)
            np.testing.assert_array_equal(values, expected)
            assert not any(z[0] <= kink <= z[-1] for kink in kinks)
        marked = [line for line in axes.lines if line.get_linestyle() == "None"]
        assert [list(np.asarray(line.get_xdata())) for line in marked] == ([kinks] if kinks else [])


def test_what_is_no_curve_is_refused() -> None:
    """No σ, a vector-valued one and an unknown name have a message each."""
    with pytest.raises(cr.InputError, match="sigmas must be one σ or more"):
        plot.sigma()
    with pytest.raises(cr.InputError, match="softmax is no function of one z alone; give an entrywise σ"):
        plot.sigma("softmax")
    with pytest.raises(cr.UnknownName, match="reluu"):
        plot.sigma("reluu")
