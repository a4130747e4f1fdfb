"""Engines, which do the computing, and the single interface between them and the mathematics.

An engine evaluates N(x) and ∇J(θ), and trains: it takes a Problem and advances a TrainingRun. The reference engine is
the definition, against which every other engine is tested. An engine may decline a problem and gives the reason;
``auto`` then tries the next engine.
"""

from chainrule.engines.choice import Choice, EngineNotice, chosen
from chainrule.engines.seam import Engine, TrainingRun

__all__ = ["Choice", "Engine", "EngineNotice", "TrainingRun", "chosen"]
