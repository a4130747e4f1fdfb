"""Small packed files with small blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.rows import packing


def packed(path: Path, *examples: Any, block_rows: int, **options: Any) -> cr.Rows:
    """Packs rows into blocks of so many rows, a power of two."""
    first = examples[0]
    n = first.n if isinstance(first, cr.Rows) else np.shape(first.X if isinstance(first, cr.TrainingSet) else first)[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "BLOCK_BYTES", 4 * n * block_rows)
        return cr.Rows.pack(path, *examples, **options)


def examples(t: int = 100, n: int = 3, m: int = 2, seed: int = 0) -> cr.TrainingSet:
    """Random rows in float32, with weights."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(t, n)), rng.normal(size=(t, m))
    return cr.TrainingSet(
        X.astype(np.float32), Y.astype(np.float32), rng.random(t).astype(np.float32) + np.float32(0.1)
    )
