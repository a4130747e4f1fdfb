"""The forms of a drawing: SVG, TikZ and PDF."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import MissingExtra
from chainrule.explain.printers.text import plain
from chainrule.plot import Drawing

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    """The gradient of the lecture's 5-3-2-1 network."""
    return cr.Network.dense([5, 3, 2, 1], hidden="tanh", seed=0).draw(np.ones(5), 0.5, show="gradient")


def test_svg_is_xml_with_all_that_is_drawn(drawing: Drawing) -> None:
    """The file is well-formed, names nothing outside of itself, and has every line, disc and label."""
    tree = ET.fromstring(drawing.svg())
    assert tree.tag == f"{SVG}svg"
    assert len(tree.findall(f"{SVG}circle")) == len(drawing.scene.discs) == 11 + 3 + 1
    assert len(tree.findall(f"{SVG}line")) == len(drawing.scene.lines) == 29 + 1
    assert [text.text for text in tree.findall(f"{SVG}text")] == [plain(label.text) for label in drawing.scene.labels]
    assert drawing.svg().count("http") == 1  # the name of the format
    assert "<script" not in drawing.svg()


def test_signs_and_dark_pages_have_styles(drawing: Drawing) -> None:
    """Negative lines are dashed, all others are not; a dark page has colours of its own."""
    lines = ET.fromstring(drawing.svg()).findall(f"{SVG}line")
    assert {line.get("class") == "negative" for line in lines} == {True, False}
    assert all((line.get("stroke-dasharray") is not None) == (line.get("class") == "negative") for line in lines)
    assert "(prefers-color-scheme: dark)" in drawing.svg()


def test_names_are_escaped() -> None:
    """The name of a σ of one's own may have any letters."""
    sigma = cr.Activation(lambda z: 2 * z, lambda z: 2 + 0 * z, name="a<b & c_d")
    drawing = cr.Network([cr.Layer(1.0, 0.0, sigma)]).draw()
    assert "a<b & c_d" in "".join(ET.fromstring(drawing.svg()).itertext())
    assert r"a<b \& c\_d" in drawing.tikz()


def test_a_drawing_is_the_same_each_time(drawing: Drawing) -> None:
    """The same network and example give the same bytes in each form, and a drawing does not follow the network."""
    net = cr.Network.dense([5, 3, 2, 1], hidden="tanh", seed=0)
    again = net.draw(np.ones(5), 0.5, show="gradient")
    net.theta = np.zeros(net.d)
    assert again.svg() == drawing.svg() == drawing._repr_svg_()
    assert again.tikz() == drawing.tikz()
    with pytest.raises(AttributeError):
        drawing.scene = again.scene  # type: ignore[misc]


def test_save_writes_the_form_of_the_name(drawing: Drawing, tmp_path: Path) -> None:
    """.svg, .tex and .pdf; any other name is refused."""
    for name, start in (("a.svg", b"<svg"), ("a.TEX", rb"\documentclass[tikz"), ("a.pdf", b"%PDF")):
        drawing.save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    drawing.save(tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    with pytest.raises(cr.InputError, match=r"path must end in \.svg, \.tex or \.pdf; got .*\.png"):
        drawing.save(tmp_path / "a.png")


def test_pdf_needs_matplotlib(drawing: Drawing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Matplotlib the message names the forms that need nothing, and no file is left."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_pdf", None)
    with pytest.raises(MissingExtra, match=r"Matplotlib is installed .*; use \.svg or \.tex here"):
        drawing.save(tmp_path / "a.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_tikz_compiles(drawing: Drawing, tmp_path: Path) -> None:
    """pdflatex makes a page of the picture's size from the file, without an error."""
    drawing.save(tmp_path / "net.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "net.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "net.pdf").read_bytes().startswith(b"%PDF")
