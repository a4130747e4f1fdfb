"""The engines that compute, and the one seam between them and the mathematics.

An engine takes a Problem and advances a TrainingRun; it evaluates N(x) and ∇J(θ). The reference engine is the
definition; every other engine is tested against it. An engine may decline, and says why; ``auto`` takes the next.
"""

from chainrule.engines.choice import Choice, EngineNotice, chosen
from chainrule.engines.seam import Engine, TrainingRun

__all__ = ["Choice", "Engine", "EngineNotice", "TrainingRun", "chosen"]
