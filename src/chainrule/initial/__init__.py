"""Initial values, from which gradient descent starts (Lecture, L12): rules for W, and values derived from data."""

from chainrule.initial.data_driven import from_data
from chainrule.initial.rules import (
    INITIALS,
    Glorot,
    He,
    Initial,
    LeCun,
    Normal,
    Orthogonal,
    Uniform,
    Zeros,
    get,
)

__all__ = [
    "Glorot",
    "He",
    "INITIALS",
    "Initial",
    "LeCun",
    "Normal",
    "Orthogonal",
    "Uniform",
    "Zeros",
    "from_data",
    "get",
]
