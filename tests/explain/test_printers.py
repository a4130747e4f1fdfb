"""The forms of a page: text, Markdown, LaTeX that compiles, and one HTML file with MathML."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.explain import Explanation
from chainrule.explain.document.formula import Grid, Letter, Number, Root, Script, Under, Word, fenced
from chainrule.explain.printers.box import box_of
from chainrule.explain.printers.latex import latex
from chainrule.explain.printers.mathml import mathml

A, B = Letter("a"), Letter("b")
TWO, MINUS = Number(2.0, 6), Number(-0.5, 6)


@pytest.fixture(scope="module")
def page() -> Explanation:
    """A page with most of what there is: two examples, a hidden kink, softmax, weights, a penalty and a step."""
    net = cr.Network.dense([2, 3, 2], hidden="leaky_relu", output="softmax", seed=1)
    cost = cr.CrossEntropy(mean=True, l2=0.1, label_smoothing=0.1)
    return net.explain([[1.0, 0.0], [2.0, -1.0]], [0, 1], [1.0, 2.0], cost=cost, learning_rate=50.0)


@pytest.mark.parametrize(
    ("formula", "text", "tex"),
    [
        (A + B * A, "a + b · a", "a + b \\cdot a"),
        ((A + B) * A, "(a + b) · a", "(a + b) \\cdot a"),
        (A - (A - B), "a − (a − b)", "a - (a - b)"),
        (TWO + MINUS, "2 + (−0.5)", "2 + (-0.5)"),
        (MINUS * TWO, "(−0.5) · 2", "(-0.5) \\cdot 2"),
        (A @ TWO, "a · 2", "a \\cdot 2"),
        (-A, "−a", "- a"),
        (A / (A + B), "a/(a + b)", "\\frac{a}{a + b}"),
        ((A + B).T, "(a + b)ᵀ", "{(a + b)}^{\\top}"),
        (MINUS.to(TWO), "(−0.5)²", "{(-0.5)}^{2}"),
        (Script(A, Word("12"), fenced(Word("3"))), "a₁₂⁽³⁾", "a_{12}^{(3)}"),
        (Script(A, Word("1,12")), "a₁,₁₂", "a_{\\mathrm{1,12}}"),
        (Script(Letter("e"), sup=-MINUS), "e^(−(−0.5))", "e^{- (-0.5)}"),
        (Root(A + B) @ Root(A), "√(a + b) √a", "\\sqrt{a + b} \\, \\sqrt{a}"),
        (Number(1.5e-9, 3), "1.5e-9", "1.5 \\cdot 10^{-9}"),
        (Number(float("inf"), 3), "∞", "\\infty"),
    ],
)
def test_formulas_are_written_with_the_fewest_parentheses(formula: Script, text: str, tex: str) -> None:
    """A sum is in parentheses as a factor, and a negative number behind a sign; nothing else is."""
    assert box_of(formula).lines == (text,)
    assert latex(formula) == tex


def test_matrices_have_brackets_of_their_height() -> None:
    """Numbers of a column have their points below each other, and a label is below what it names."""
    grid = Grid(((Number(1.5, 6), MINUS), (Number(10.0, 6), Number(0.25, 6))))
    assert box_of(Under(A, Word("2×2")) @ grid).lines == (" a  ⎡ 1.5  −0.5 ⎤", "2×2 ⎣10     0.25⎦")
    assert "<mtable>" in mathml(grid)


def test_text_keeps_its_width(page: Explanation) -> None:
    """Long equations are broken before = and +, so that no line is longer than asked for."""
    for width in (90, 100, 140):
        assert max(map(len, page.text(width).splitlines())) <= width
    assert str(page) == page.text()


class Tags(HTMLParser):
    """Counts the tags of a page and checks that each is closed in its place."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "mspace"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "mspace"):
            assert self.open.pop() == tag


def test_html_is_one_file_of_mathml_without_script(page: Explanation) -> None:
    """The file is well-formed, formulas are MathML, sections fold by <details>, and nothing is loaded or run."""
    parser = Tags()
    parser.feed(page.html())
    assert parser.open == []
    assert parser.addresses == []
    assert "script" not in parser.count
    assert parser.count["math"] > 200
    assert parser.count["details"] == len(re.findall("<summary>", page.html()))
    assert '<html lang="en">' in page.html()
    assert "http" not in page.html()
    assert not re.search("url\\(|@import", page.html())


def test_words_are_escaped() -> None:
    """A name with signs of HTML, Markdown and LaTeX is shown as it is written."""
    sigma = cr.Activation(np.sin, np.cos, name="<b>_1$ & %")
    page = cr.Network([cr.Layer(1.0, 0.0, sigma)]).explain(1.0, 2.0)
    assert "&lt;b&gt;_1$ &amp; %" in page.html()
    assert "<b>" not in page.html()
    assert r"<b>\_1\$ \& \%" in page.latex()
    assert r"\<b\>\_1\$ & %" in page.markdown()


def test_markdown_has_formulas_and_tables(page: Explanation) -> None:
    """Equations are between double dollars, and every row of a table has the cells of its header."""
    text = page.markdown()
    assert text.count("$$") % 2 == 0
    assert text.startswith("# The chain rule, step by step\n")
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) == 3
    for table in tables:
        assert len({row.count("|") for row in table.splitlines()}) == 1


def test_notebooks_show_every_form(page: Explanation) -> None:
    """A notebook has HTML without a head of its own, Markdown, and LaTeX without a preamble."""
    assert page._repr_html_().startswith("<style>")
    assert "<body" not in page._repr_html_()
    assert page._repr_markdown_() == page.markdown()
    assert "documentclass" not in page._repr_latex_()
    assert repr(page).startswith("Explanation(Network(2-3-2,")


def test_save_writes_the_form_of_the_name(page: Explanation, tmp_path: Path) -> None:
    """The end of the name decides; any other end is refused with those that are known."""
    for name, form in (("a.txt", page.text()), ("a.md", page.markdown()), ("a.tex", page.latex()), ("a.HTML", None)):
        page.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == (page.html() if form is None else form)
    with pytest.raises(cr.InputError, match=r"path must end in \.txt, \.md, \.tex, \.html; got 'a\.pdf'"):
        page.save("a.pdf")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="TeX is not installed")
def test_latex_compiles(page: Explanation, tmp_path: Path) -> None:
    """pdflatex makes a PDF from the file, without an error and without a line that is too wide."""
    page.save(tmp_path / "page.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "page.pdf").stat().st_size > 10_000
    assert "Overfull" not in done.stdout
