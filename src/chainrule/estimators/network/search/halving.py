"""Successive halving: a network of every candidate first, and more of those that do well on held-out rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from chainrule.errors import InputError
from chainrule.estimators.network.competition import Comparison, joined
from chainrule.estimators.network.ensemble import Member, MemberFactory, Outcome, Training, TrainingPlan, usable
from chainrule.estimators.network.ensemble.plan import clock
from chainrule.estimators.network.recipe import FEWEST, Recipe
from chainrule.estimators.network.recipes.presets import FEW, VERY_FEW
from chainrule.estimators.network.validation_split import ValidationSplit

SHORTER = 4  # epochs of the first round are divided by it
KEPT = 3  # one candidate of these continues to the second round
MORE = 5  # candidates at most that join the known ones
SHARES = (0.25, 0.5, 1.0)  # of the time that is left, for each round


class PlannedNetwork(NamedTuple):
    """A network to be trained: the number of its recipe, and that of the rows it holds out."""

    recipe: int
    fold: int


TrainedNetworks: TypeAlias = Sequence[tuple[PlannedNetwork, Member]]


@dataclass(frozen=True)
class RecipeTrial:
    """A recipe that was tried: its round from 1, its loss on held-out rows, and whether it went on."""

    recipe: Recipe
    round: int
    loss: float
    seconds: float
    kept: bool


class SuccessiveHalving:
    """The training of networks with many recipes, instead of `Training`, with the same methods.

    First a network of each candidate is trained for a quarter of its epochs, and all hold out the same rows. The best
    third is trained for all epochs on two folds; on more if rows are few, since losses on few rows tell little.
    The known recipes, those that compete, continue in any case. Up to five others join them, one after the other, each
    time the one that lessens the loss of the averaged predictions most. All these are then trained on the other folds;
    which of them the model has is decided at last (`winners`). Within a time limit each round has its share.

    ``loss`` computes the loss of members on the rows that they hold out, None without such rows, and ``compare``
    compares kinds of networks. The plan's recipes are the candidates, and its folds those of the last round, of which
    the first are those of the others.

    Source: K. Jamieson & A. Talwalkar, Non-stochastic best arm identification, AISTATS 2016 (successive halving).
    """

    def __init__(
        self,
        make: MemberFactory,
        plan: TrainingPlan,
        loss: Callable[[Sequence[Member]], float | None],
        compare: Callable[[Sequence[Sequence[Member]]], Comparison | None],
    ) -> None:
        self.was_interrupted = False
        self.trials: list[RecipeTrial] = []
        self.recipe_numbers: list[int] = []  # of the networks of the model
        self._make, self._plan, self._loss, self._compare = make, plan, loss, compare
        self._second = folds_of_second(plan.folds, len(make.examples.X))
        self._begun = 0  # networks
        self._candidates = range(len(plan.recipes))
        self._known = [k for k, recipe in enumerate(plan.recipes) if recipe.competes is not None]
        self._found: list[tuple[PlannedNetwork, Member]] = []  # those of the model, for now
        self._unusable: list[Member] = []  # of a round without any that is usable

    def run(self) -> Outcome:
        """Trains the networks of all rounds; a second Ctrl-C is raised."""
        first = self._round([PlannedNetwork(k, 0) for k in self._candidates], 0)
        ranked = self._ranked(first)
        self._found = [each for each in first if each[0].recipe in ranked[:FEWEST]]
        if not self.was_interrupted:
            best = [*self._known, *(k for k in ranked[: len(ranked) // KEPT] if k not in self._known)]
            second = self._round([PlannedNetwork(k, fold) for fold in range(self._second) for k in best], 1)
            if chosen := self._chosen(second):
                self._found = [each for each in second if each[0].recipe in chosen]
                if not self.was_interrupted:
                    done = {planned for planned, _ in self._found}
                    last = [PlannedNetwork(k, fold) for fold in range(len(self._plan.folds)) for k in chosen]
                    self._found += self._round([planned for planned in last if planned not in done], 2)
        return self.end()

    def end(self) -> Outcome:
        """Returns the networks of the model, numbered anew; if a time limit left one fewer epochs, they are cut."""
        members = [member for _, member in self._found] or self._unusable
        self.recipe_numbers[:] = [planned.recipe for planned, _ in self._found]
        for number, member in enumerate(members):
            member.number = number
        is_short = (member.is_cut or member.recipe not in self._plan.recipes for member in members)
        was_cut = self._plan.is_limited and any(is_short)
        return Outcome(members, self.was_interrupted, was_cut, len(members), None)

    def _round(self, planned: Sequence[PlannedNetwork], number: int) -> list[tuple[PlannedNetwork, Member]]:
        """Trains the networks of a round, and returns those that are usable."""
        if not planned:
            return []
        recipes = self._plan.recipes
        if number == 0:
            recipes = [replace(recipe, epochs=math.ceil(recipe.epochs / SHORTER)) for recipe in recipes]
        folds = [self._plan.folds[each.fold] for each in planned]
        splits = dict.fromkeys(recipes, folds)
        seeds = self._make.seeds[self._begun : self._begun + len(planned)]
        left = SHARES[number] * (self._plan.deadline - clock())
        plan = replace(
            self._plan, recipes=recipes, recipe_numbers=[each.recipe for each in planned], deadline=clock() + left
        )
        training = Training(replace(self._make, splits=splits, seeds=seeds, first=self._begun), plan)
        try:
            outcome = training.run()
        except KeyboardInterrupt:
            if training.was_interrupted:
                raise
            outcome = training.end()
        self.was_interrupted = outcome.was_interrupted
        trained = [(planned[member.number - self._begun], member) for member in usable(outcome.members)]
        self._unusable = [] if trained else outcome.members
        self._begun += len(planned)
        return trained

    def _ranked(self, trained: TrainedNetworks) -> list[int]:
        """Returns the recipes of the first round by their losses, the smallest first."""
        losses = {planned.recipe: self._loss_of([member]) for planned, member in trained}
        ranked = sorted(losses, key=losses.__getitem__)
        self._remember(trained, losses, [*ranked[: len(ranked) // KEPT], *self._known], 1)
        return ranked

    def _chosen(self, trained: TrainedNetworks) -> list[int]:
        """Returns the known recipes and those that join them; none if no network was trained."""
        of: dict[int, list[Member]] = {}
        for planned, member in trained:
            of.setdefault(planned.recipe, []).append(member)
        if not of:
            return []
        recipes, more = list(of), list[int]()
        if (compared := self._compare(list(of.values()))) is not None:
            known = [at for at, k in enumerate(recipes) if k in self._known]
            found = joined(compared, known, range(len(recipes)))
            more = [recipes[at] for at in found[len(known) :]][:MORE]
        chosen = [*self._known, *more]
        self._remember(trained, {k: self._loss_of(members) for k, members in of.items()}, chosen, 2)
        return chosen

    def _loss_of(self, members: Sequence[Member]) -> float:
        loss = self._loss(members)
        return math.inf if loss is None or math.isnan(loss) else loss

    def _remember(self, trained: TrainedNetworks, losses: dict[int, float], kept: Sequence[int], number: int) -> None:
        for k in sorted(losses, key=losses.__getitem__):
            histories = [member.history for planned, member in trained if planned.recipe == k]
            seconds = sum(float(history.seconds.sum()) for history in histories if history is not None)
            self.trials.append(RecipeTrial(self._plan.recipes[k], number, losses[k], seconds, k in kept))


def require_held_out(splits: Sequence[ValidationSplit], has_validation: bool) -> None:
    """Raises InputError if no rows are held out by which recipes can be chosen."""
    if not has_validation and not len(splits[0].held_out):
        raise InputError(
            'preset="tuned" chooses recipes by held-out rows, and there are none. Set validation_fraction > 0 with ten '
            'rows or more, give X_val, or use preset="best".'
        )


def folds_of_second(folds: Sequence[ValidationSplit], t: int) -> int:
    """Returns the number of folds of the second round, for t rows."""
    return len(folds) if t < VERY_FEW else min(3 if t < FEW else 2, len(folds))


def networks_in_all(recipes: Sequence[Recipe], folds: Sequence[ValidationSplit], t: int) -> int:
    """Returns the largest number of networks of all rounds, for t rows."""
    second, known = folds_of_second(folds, t), sum(recipe.competes is not None for recipe in recipes)
    return len(recipes) + second * (len(recipes) // KEPT + known) + (known + MORE) * len(folds)
