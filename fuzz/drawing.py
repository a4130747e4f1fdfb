"""Draws of a random case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Random = np.random.Generator


def pick(rng: Random, items: Sequence[Any]) -> Any:
    """Returns one of the items, as it is; ``rng.choice`` would make an array of them."""
    return items[int(rng.integers(len(items)))]


def happens(rng: Random, probability: float) -> bool:
    """Returns True with this probability."""
    return bool(rng.random() < probability)
