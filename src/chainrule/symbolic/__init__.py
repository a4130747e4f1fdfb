"""N, J and every derivative of a small network as expressions of SymPy (Lecture, L7 – L17)."""

from typing import TYPE_CHECKING

from chainrule.symbolic.derive import derive

if TYPE_CHECKING:
    from chainrule.symbolic.derivation import Derivation as Derivation

__all__ = ["Derivation", "derive"]


def __getattr__(name: str) -> object:
    """Loads `Derivation`, and SymPy with it, when it is first used."""
    if name == "Derivation":
        from chainrule.symbolic.derivation import Derivation

        return Derivation
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
