"""A document as LaTeX: formulas, a body, and a file that pdflatex compiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from chainrule.explain.document.blocks import Block, Document, Equation, Section, Sentence, Table, Text
from chainrule.explain.document.formula import (
    Fenced,
    Formula,
    Grid,
    Letter,
    Number,
    Over,
    Root,
    Row,
    Script,
    Sign,
    Under,
    Word,
    is_tall,
)
from chainrule.explain.document.numbers import decimal
from chainrule.explain.printers.breaking import lines

COMMANDS = {
    "α": r"\alpha", "δ": r"\delta", "ε": r"\varepsilon", "θ": r"\theta", "κ": r"\kappa", "λ": r"\lambda",
    "σ": r"\sigma", "Φ": r"\Phi", "φ": r"\varphi", "∂": r"\partial", "∇": r"\nabla", "Δ": r"\Delta", "Σ": r"\sum",
    "μ": r"\mu", "π": r"\pi", "𝟏": r"\mathbf{1}", "ℓ": r"\ell", "ℝ": r"\mathbb{R}", "∞": r"\infty", "′": "'",
    "·": r"\cdot", "⊙": r"\odot", "×": r"\times", "−": "-", "∈": r"\in", "≤": r"\le", "≥": r"\ge", "≠": r"\ne",
    "≈": r"\approx", "→": r"\to", "…": r"\dots", "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots", "⊤": r"\top",
    "‖": r"\|", "½": r"\tfrac{1}{2}", "{": r"\{", "}": r"\}", " ": r"\,", "": ".", "%": r"\%",
}  # fmt: skip
OPERATORS = ("cos", "log", "max", "min", "sin", "tanh")  # the words that LaTeX knows as names of functions
ESCAPES = str.maketrans(
    {
        "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "−": "$-$", "–": "--", "’": "'", "“": "``", "”": "''",
        "…": r"\dots{}", "×": r"$\times$",
    }
)  # fmt: skip
PACKAGES = r"""\documentclass[a4paper,fleqn]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\usepackage{amsmath,amssymb}
\usepackage[margin=20mm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.5em}
\allowdisplaybreaks
"""
CONTINUED = r"\quad"  # before the rest of a sum
WIDTH = 84  # letters of plain text that fit on a line as a formula
FONTS = {"ja": "min"}  # of languages that pdflatex sets in the environment CJK


def latex_document(document: Document) -> str:
    """Returns the document as a file for pdflatex."""
    packages, body = in_font_of(document.language, latex_body(document))
    return f"{PACKAGES}{packages}\\begin{{document}}\n{body}\n\\end{{document}}\n"


def in_font_of(language: str, body: str) -> tuple[str, str]:
    """Returns the packages that pdflatex needs for a language, and the body in the environment of its letters."""
    if font := FONTS.get(language):
        return "\\usepackage{CJKutf8}\n", rf"\begin{{CJK}}{{UTF8}}{{{font}}}" + f"\n{body}\n" + r"\end{CJK}"
    return "", body


def latex_body(document: Document) -> str:
    """Returns what goes between the begin and the end of a LaTeX document; it needs amsmath and amssymb."""
    return "\n".join([rf"\section*{{{escaped(document.title)}}}", *latex_blocks(document.blocks)])


def latex_blocks(blocks: Sequence[Block], depth: int = 0) -> Iterator[str]:
    """Yields the lines of blocks; sections in sections have smaller titles."""
    for block in blocks:
        match block:
            case Section(title, inner):
                yield rf"\{'sub' * min(depth + 1, 2)}section*{{{latex_words(title)}}}"
                yield from latex_blocks(inner, depth + 1)
            case Sentence(text):
                yield f"\n{latex_words(text)}\n"
            case Equation(parts):
                yield latex_equation(parts, "align*")
            case Table(header, rows):
                head, *body = [" & ".join(map(latex_words, row)) + r" \\" for row in (header, *rows)]
                columns = "l" * len(header)
                yield rf"\begin{{center}}\small\renewcommand{{\arraystretch}}{{1.4}}\begin{{tabular}}{{{columns}}}"
                yield from (head, r"\hline", *body)
                yield r"\end{tabular}\end{center}"


def latex_equation(parts: Sequence[Formula], environment: str) -> str:
    """Returns an equation, aligned at its first =, in an environment such as align* or aligned."""
    rows = []
    for n, line in enumerate(lines(parts, WIDTH)):
        start = "&" if n else ""
        for k, (sign, formula, _) in enumerate(line):
            mark = "&=" if (n, k) == (0, 1) else sign if sign or (n, k) == (0, 0) else CONTINUED
            start += f"{mark} {latex(formula)} "
        rows.append(start.strip())
    return "\n".join([rf"\begin{{{environment}}}", " \\\\\n".join(rows), rf"\end{{{environment}}}"])


def escaped(text: str) -> str:
    """Returns words for LaTeX."""
    return text.translate(ESCAPES)


def latex_words(text: Text) -> str:
    """Returns words and formulas for LaTeX, the formulas between dollar signs."""
    return "".join(f"${latex(part)}$" if isinstance(part, Formula) else escaped(part) for part in text)


def latex(formula: Formula) -> str:
    """Returns a formula as LaTeX, for math mode."""
    match formula:
        case Letter(text) | Sign(text):
            return COMMANDS.get(text, text)
        case Word(text):
            return _word(text)
        case Number(value, digits):
            return _number(value, digits)
        case Row(parts):
            return " ".join(map(latex, parts))
        case Fenced(inner, left, right):
            start, end = COMMANDS.get(left, left), COMMANDS.get(right, right)
            return rf"\left{start} {latex(inner)} \right{end}" if is_tall(inner) else f"{start}{latex(inner)}{end}"
        case Over(top, bottom):
            return rf"\frac{{{latex(top)}}}{{{latex(bottom)}}}"
        case Root(inner):
            return rf"\sqrt{{{latex(inner)}}}"
        case Script(base, sub, sup):
            lower = "" if sub is None else f"_{{{latex(sub)}}}"
            upper = "" if sup is None else f"^{{{latex(sup)}}}"
            is_short = isinstance(base, (Letter, Sign)) or (isinstance(base, Word) and base.text in OPERATORS)
            return f"{latex(base) if is_short else f'{{{latex(base)}}}'}{lower}{upper}"
        case Grid(rows, left, right):
            body = r" \\ ".join(" & ".join(map(latex, row)) for row in rows)
            columns = ("l" if left == "{" else "c") * len(rows[0])
            return (
                rf"\left{COMMANDS.get(left, left)}\begin{{array}}{{{columns}}} {body} \end{{array}}"
                rf"\right{COMMANDS.get(right, right)}"
            )
        case Under(base, label):
            return rf"\underset{{{latex(label)}}}{{{latex(base)}}}"
    raise TypeError(f"no LaTeX for {type(formula).__name__}.")


def _word(text: str) -> str:
    if text.isdigit():
        return text
    return rf"\{text}" if text in OPERATORS else rf"\mathrm{{{escaped(text)}}}".replace("′", "'").replace(" ", r"\ ")


def _number(value: float | Fraction, digits: int) -> str:
    if isinstance(value, Fraction):
        sign = "-" if value < 0 else ""
        whole = value.denominator == 1
        return f"{sign}{abs(value)}" if whole else rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"
    mantissa, exponent = decimal(value, digits)
    text = mantissa.replace("−", "-").replace("∞", r"\infty").replace("NaN", r"\mathrm{NaN}")
    return text if exponent is None else rf"{text} \cdot 10^{{{exponent}}}"
