"""A network as text in the lecture's notation, and back, bit for bit."""

from chainrule.files.notation.parsing import parse
from chainrule.files.notation.writing import to_text

__all__ = ["parse", "to_text"]
