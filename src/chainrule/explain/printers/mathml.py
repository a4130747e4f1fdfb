"""A formula as MathML, which browsers set without a script."""

from __future__ import annotations

from fractions import Fraction
from html import escape

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

PREFIXED = ("−", "∂", "Δ", "∇")  # signs that stand before a formula at the start of a row
CLOSE = ("∂", "Δ", "∇", "′", ",")


def math(formula: Formula, before: str = "", *, is_displayed: bool = False) -> str:
    """Returns a formula as an element <math>, after a sign such as =; quotients are large if it is displayed."""
    sign = f"<mo>{before}</mo>" if before else ""
    style = ' displaystyle="true"' if is_displayed else ""
    return f"<math{style}>{sign}{mathml(formula)}</math>"


def mathml(formula: Formula) -> str:
    """Returns a formula as MathML."""
    match formula:
        case Letter(text):
            return f"<mi>{escape(text)}</mi>"
        case Word(text):
            if text.isdigit():
                return f"<mn>{text}</mn>"
            upright = ' mathvariant="normal"' if len(text) == 1 else ""
            return f"<mi{upright}>{escape(text)}</mi>"
        case Sign(text):
            return _sign(text)
        case Number(value, digits):
            return _number(value, digits)
        case Row(parts):
            return f"<mrow>{_first(parts[0])}{''.join(map(mathml, parts[1:]))}</mrow>"
        case Fenced(inner, left, right):
            grows = is_tall(inner)
            return f"<mrow>{_fence(left, grows)}{mathml(inner)}{_fence(right, grows)}</mrow>"
        case Over(top, bottom):
            return f"<mfrac>{mathml(top)}{mathml(bottom)}</mfrac>"
        case Root(inner):
            return f"<msqrt>{mathml(inner)}</msqrt>"
        case Script(base, None, sup) if sup is not None:
            return f"<msup>{mathml(base)}{mathml(sup)}</msup>"
        case Script(base, sub, None) if sub is not None:
            return f"<msub>{mathml(base)}{mathml(sub)}</msub>"
        case Script(base, sub, sup) if sub is not None and sup is not None:
            return f"<msubsup>{mathml(base)}{mathml(sub)}{mathml(sup)}</msubsup>"
        case Grid(_, left, right):
            return f"<mrow>{_fence(left, True)}{_table(formula)}{_fence(right, True)}</mrow>"
        case Under(base, label):
            return f"<munder>{mathml(base)}{mathml(label)}</munder>"
    raise TypeError(f"no MathML for {formula!r}.")


def _first(formula: Formula) -> str:
    """Returns the first formula of a row, where a minus is the sign of what follows."""
    if isinstance(formula, Sign) and formula.text in PREFIXED:
        return f'<mo form="prefix">{formula.text}</mo>'
    if isinstance(formula, Sign) and formula.text in ("+", "·"):  # of a sum or a product that began above
        return f'<mo form="infix">{formula.text}</mo>'
    return mathml(formula)


def _sign(text: str) -> str:
    if not text.strip():
        return '<mspace width="0.17em"/>' if text else ""
    space = ' lspace="0em" rspace="0.17em"' if text == "," else ' lspace="0em" rspace="0em"' if text in CLOSE else ""
    return f"<mo{space}>{escape(text)}</mo>"


def _fence(sign: str, grows: bool) -> str:
    size = "" if grows else ' stretchy="false"'
    return f'<mo fence="true" lspace="0em" rspace="0em"{size}>{escape(sign)}</mo>' if sign else ""


def _table(grid: Grid) -> str:
    rows = ("".join(f"<mtd>{mathml(entry)}</mtd>" for entry in row) for row in grid.rows)
    align = ' class="cases"' if grid.left == "{" else ""
    return f"<mtable{align}>{''.join(f'<mtr>{row}</mtr>' for row in rows)}</mtable>"


def _number(value: float | Fraction, digits: int) -> str:
    if isinstance(value, Fraction):
        size = f"<mn>{abs(value.numerator)}</mn>"
        if value.denominator > 1:
            size = f"<mfrac>{size}<mn>{value.denominator}</mn></mfrac>"
        return _signed(size, value < 0)
    mantissa, exponent = decimal(value, digits)
    size = f"<mn>{mantissa.removeprefix('−')}</mn>"
    if exponent is not None:
        power = _signed(f"<mn>{abs(exponent)}</mn>", exponent < 0)
        size = f"{size}<mo>·</mo><msup><mn>10</mn>{power}</msup>"
    return _signed(size, mantissa.startswith("−"))


def _signed(size: str, is_negative: bool) -> str:
    sign = '<mo form="prefix" lspace="0em" rspace="0em">−</mo>' if is_negative else ""
    return f"<mrow>{sign}{size}</mrow>"
