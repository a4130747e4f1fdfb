"""The settings of training that all networks of an estimator share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule._internal.checks import as_integer
from chainrule.engines.choice import EngineLike, trains_together
from chainrule.engines.thread_counts import all_threads
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.recipe import FEWEST, Recipe
from chainrule.estimators.network.validation_split import ValidationSplit
from chainrule.network import Network
from chainrule.processes.peer import Peer
from chainrule.training.callbacks.callback import Callback
from chainrule.training.callbacks.early_stopping import EarlyStopping
from chainrule.training.checkpoint import Checkpoint

clock = time.perf_counter


@dataclass(frozen=True)
class TrainingPlan:
    """Settings of training that all members share.

    Each network has the recipe of its number in ``recipe_numbers``. ``short_recipes`` replace ``recipes`` if the time
    does not suffice for as many networks of these. With ``finalists``, a network of each recipe is trained first, and
    the others of those recipes that it returns.
    """

    recipes: Sequence[Recipe]
    recipe_numbers: Sequence[int]  # one for each network
    engine: EngineLike
    threads: int | None
    deadline: float = math.inf  # by `clock`
    short_recipes: Sequence[Recipe] = ()
    finalists: Callable[[Sequence[Member]], Collection[Recipe]] | None = None
    continues: bool = False  # an earlier training: then every network does, for as long as there is time
    callbacks: Sequence[Callback] = ()  # called in the thread of a member
    callback_epochs: int | None = None
    model_of: Callable[[Network], Any] = lambda net: net  # the model that callbacks see
    checkpoint: Checkpoint | None = None  # its path is the folder of the networks' files
    resumes: bool = False  # from these files
    stopping_of: Callable[[Member], EarlyStopping] | None = None  # keeps the best epoch by a metric, in place of J
    on_epoch: Callable[[Member, int], bool] | None = None  # called in the calling thread; True stops that member
    folds: Sequence[ValidationSplit] = ()  # of a search, whose candidates the recipes are
    peers: Sequence[Peer] = ()  # the processes that work beside this one

    @property
    def n_networks(self) -> int:
        """The number of networks."""
        return len(self.recipe_numbers)

    @property
    def n_trained(self) -> int:
        """The number of networks that are trained, as far as it is known before: `FEWEST` recipes may continue."""
        kinds, n = len(self.recipes), self.n_networks
        return n if self.finalists is None or n <= kinds else kinds + (n - kinds) * min(FEWEST, kinds) // kinds

    @property
    def is_limited(self) -> bool:
        """True if there is a time limit."""
        return self.deadline < math.inf

    @property
    def is_together(self) -> bool:
        """True if one thread trains all networks, for an engine that makes the steps of several at once.

        With other processes, and by a minimizer, the networks are trained one by one.
        """
        has_minimizer = any(recipe.minimizer is not None for recipe in self.recipes)
        return not (self.peers or has_minimizer) and trains_together(self.engine)

    @property
    def all_threads(self) -> int:
        """The number of threads: as given, else CHAINRULE_THREADS, else the CPUs of this process."""
        return all_threads(None if self.threads is None else as_integer(self.threads, "threads", 1))
