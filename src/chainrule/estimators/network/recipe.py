"""A recipe: everything about a network and its training that is chosen before the first step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chainrule.costs import Cost
from chainrule.estimators.network.hidden import Hidden
from chainrule.initial import Initial
from chainrule.optimizers import Optimizer


@dataclass(frozen=True)
class Recipe:
    """What a preset chooses, and an estimator's parameters replace by name (`settings.as_recipes`).

    Every `Hidden` has its activation and its dropout. ``scaling_rate`` is the rate of a layer W = diag(w) before the
    others, w = 1 at first (0: no such layer); ``embedding`` puts layers before it that turn each number into four;
    ``parametric`` gives each hidden unit its κ. ``ntk``: W has the rate n^(−½), as if z were n^(−½) W a + b with W of
    the rate 1; ``bias_rate`` and ``kappa_rate`` are those of every b and κ. ``initial`` "ntk" draws W ~ N(0, 1/n) and
    b ~ N(0, 1); "data" is `chainrule.initial.from_data`.
    """

    hidden: tuple[Hidden, ...]
    cost: Cost
    optimizer: Optimizer
    epochs: int
    batch_size: int | None  # None: every row in each step
    n_networks: int = 1
    validation_fraction: float = 0.1
    patience: int | None = None  # None: all epochs are made, and the best one is kept
    initial: Initial | Literal["data", "ntk"] = "ntk"
    zero_output: bool = True  # W = 0 in the output layer at first
    scaling_rate: float = 6.0
    embedding: bool = False
    parametric: bool = False
    ntk: bool = True
    bias_rate: float = 0.1
    kappa_rate: float = 0.1
    numbers: Literal["robust", "standard", "none"] = "robust"
    even_batches: bool = True  # the last minibatch of an epoch is about as large as the others
