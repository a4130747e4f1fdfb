"""Engines, which do the computing, and the single interface between them and the mathematics.

An engine evaluates N(x) and ∇J(θ), and trains: it takes a Problem and advances a TrainingRun. The reference engine is
the definition, against which every other engine is tested. An engine may decline a problem and gives the reason;
``auto`` then tries the next engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule._internal.at_first_use import imported
from chainrule.engines.choice import Choice, EngineNotice, chosen
from chainrule.engines.seam import Engine, TrainingRun

if TYPE_CHECKING:
    from chainrule.engines.data_parallel.engine import DataParallel
    from chainrule.engines.torch.engine import Torch

_LATE = {"DataParallel": "chainrule.engines.data_parallel.engine", "Torch": "chainrule.engines.torch.engine"}

__all__ = ["Choice", "DataParallel", "Engine", "EngineNotice", "Torch", "TrainingRun", "chosen"]


def __getattr__(name: str) -> Any:
    return imported(__name__, name, _LATE)
