"""`sigma.latex()` and `cost.latex()`: the formulas of the page, in LaTeX that compiles."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations import ACTIVATIONS

CUBE = cr.Activation(lambda z: z**3, lambda z: 3 * z**2, name="my_cube")
CENTRE = cr.VectorActivation(lambda z: z - z.mean(axis=-1, keepdims=True), name="centre")
LOG_COSH = cr.CustomCost(lambda A, Y: np.log(np.cosh(A - Y)).sum(axis=1), name="log_cosh")
EVERY: list[Any] = [
    *ACTIVATIONS.values(),
    cr.Parametric("gelu"),
    CUBE,
    CENTRE,
    *(cost() for cost in cr.costs.COSTS.values()),
    cr.CrossEntropy(label_smoothing=0.1),
    LOG_COSH,
]


@pytest.mark.parametrize(
    ("map_of", "value", "derivative"),
    [
        (cr.relu, r"\mathrm{relu} (z) = \max \{0 , z\}", r"1 & z > 0 \\ 0 & z \le 0"),
        (cr.tanh, r"\tanh (z) = \frac{e^{z} - e^{- z}}{e^{z} + e^{- z}}", r"\mathrm{tanh'} (z) = 1 - \tanh^{2} (z)"),
        (cr.leaky_relu.with_parameters(slope=0.25), r"0.25 \cdot z & z \le 0", r"0.25 & z \le 0"),
        (
            cr.gelu,
            r"z \cdot \Phi (z),\quad \Phi (z) = \tfrac{1}{2}",
            r"\Phi (z) + z \cdot \varphi (z),\quad \Phi",
        ),
        (
            cr.softmax,
            r"{\mathrm{softmax} (z)}_{k} = \frac{e^{z_{k}}}",
            r"\frac{\partial \mathrm{softmax} (z)}{",
        ),
        (cr.layer_norm, r"= \frac{z_{k} - \mu}{s},\quad \mu = ", r"\frac{I - \frac{\mathbf{1} \, \mathbf{1}^{\top} + "),
        (cr.Parametric("sine"), r"(1 - \kappa) \cdot z + \kappa \cdot (\sin (z))", r"1 - \kappa + \kappa \cdot (\cos"),
        (CUBE, r"\mathrm{my\_cube} (z)", r"\mathrm{my\_cube'} (z)"),
        (CENTRE, r"\mathrm{centre} (z)", r"\frac{\partial \mathrm{centre} (z)}{\partial z}"),
        (
            cr.SumOfSquares(l2=0.1),
            r"\ell (a , y) = \tfrac{1}{2} \, \sum_{k} \, {(a_{k} - y_{k})}^{2}",
            r"\frac{\partial \ell}{\partial a_{k}} = a_{k} - y_{k}",
        ),
        (cr.Huber(2.0), r"|a_{k} - y_{k}| \le 2", r"- 2 & a_{k} - y_{k} < - 2"),
        (
            cr.CrossEntropy(label_smoothing=0.1),
            r"- \sum_{k} \, {y '}_{k} \, \log (a_{k}),\quad {y '}_{k} = (1 - 0.1) \, y_{k} + \frac{0.1}{m}",
            r"- \frac{{y '}_{k}}{a_{k}},\quad {y '}_{k} = ",
        ),
        (LOG_COSH, r"\mathrm{log\_cosh} (a , y)", r"\frac{\partial \mathrm{log\_cosh} (a , y)}{\partial a_{k}}"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_map_and_its_derivative_have_formulas(map_of: Any, value: str, derivative: str) -> None:
    """Both equations have the parameters of the map and what they refer to; those of one's own map are its name."""
    shown = map_of.latex()
    assert value in shown[0]
    assert derivative in shown[1]


def test_every_map_of_the_catalogue_has_a_formula() -> None:
    """No σ and no cost of the catalogue is shown by its name alone."""
    own = {CUBE.name, CENTRE.name, LOG_COSH.name}
    assert [m for m in EVERY if m.name not in own and not all(" = " in line for line in m.latex())] == []


def test_the_page_has_the_same_formulas() -> None:
    """A page and `net.to_latex()` print the formula that `latex` returns."""
    net = cr.Network.dense([2, 3, 3, 2], hidden=["layer_norm", "mish"], output="softmax")
    page = net.explain([1.0, 2.0], 1, cost="cross_entropy").latex()
    for sigma in net.sigma:
        for line in sigma.latex():
            for equation in line.split(r",\quad "):
                assert equation.replace(" = ", " &= ", 1) in page
                assert equation.replace(" = ", " &= ", 1) in net.to_latex()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_every_formula_compiles(tmp_path: Path) -> None:
    """pdflatex sets every formula in math mode with amsmath and amssymb."""
    lines = "\n".join(rf"\[{line}\]" for map_of in EVERY for line in map_of.latex())
    text = rf"\documentclass{{article}}\usepackage{{amsmath,amssymb}}\begin{{document}}{lines}\end{{document}}"
    (tmp_path / "maps.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "maps.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
