"""A harness of which some cases fail, each in its own way; the number of a case decides."""

from __future__ import annotations

import ctypes
import os
import time
from typing import Any

import numpy as np

CASE_SECONDS = 1.0


def check(rng: np.random.Generator) -> str:
    """Raises in case 1, leaves by SystemExit in 2, crashes in 3, ends the process in 4, hangs in 5."""
    sequence: Any = rng.bit_generator.seed_seq
    case = sequence.entropy[1]
    if case == 1:
        raise ValueError("planted")
    if case == 2:
        raise SystemExit(0)
    if case == 3:
        ctypes.string_at(0)
    if case == 4:
        os._exit(0)
    if case == 5:
        time.sleep(1000)
    print("whatever a case prints is no report")
    return "even" if case % 2 == 0 else "odd"
