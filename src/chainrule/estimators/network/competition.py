"""The competition of recipes: a network of each is trained on the same rows, and more of those that predict best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.checks import Floats
from chainrule.costs import Quantile
from chainrule.estimators.network.calibration.clear_difference import CLEARLY, mean_and_error
from chainrule.estimators.network.ensemble import Member, usable
from chainrule.estimators.network.held_out_predictions import held_out_predictions
from chainrule.estimators.network.recipe import FEWEST, Recipe
from chainrule.tables.calibration import best_temperature, tempered
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.scores import class_log_losses, log_losses
from chainrule.tables.target_decoder import ClassLabels
from chainrule.tables.targets.decoders import Target
from chainrule.tables.targets.indicator_labels import IndicatorLabels

MOST_ROWS = 20_000  # that are compared


def finalists(members: Sequence[Member], target: Target, labels: NDArray[np.generic]) -> set[Recipe]:
    """Returns the `FEWEST` recipes whose networks, one of each, predict best together on rows that all hold out.

    Without such rows all continue; a recipe whose network is not usable does not, if there are others.
    """
    first = usable(members)
    compared = Comparison.of([[member] for member in first], target, labels) if len(first) > FEWEST else None
    if compared is None:
        return {member.recipe for member in first or members}
    return {first[k].recipe for k in min(combinations(range(len(first)), FEWEST), key=compared.mean)}


def winners(members: Sequence[Member], target: Target, labels: NDArray[np.generic]) -> list[Member]:
    """Returns the members of those recipes whose averaged predictions have the smallest loss on held-out rows.

    These are a single one of recipes that compete alone, and four or more of those that compete together, or fewer
    where these are clearly better (`_best_set`). All such sets are compared, on the rows that all recipes hold out.
    Recipes of a search, which do not compete, then join the set (`joined`). Without such rows, or without competition,
    all members remain, and so do those of few rows.
    """
    of: dict[Recipe, list[Member]] = {}
    for member in members:
        of.setdefault(member.recipe, []).append(member)
    recipes = sorted(of, key=lambda recipe: recipe.competes is None)
    competing, how = sum(recipe.competes is not None for recipe in recipes), recipes[0].competes
    if how is None or len(recipes) == (competing if how == "all" else 1):
        return list(members)
    compared = Comparison.of([of[recipe] for recipe in recipes], target, labels)
    if compared is None:
        return list(members)
    best: Sequence[int] = range(competing)
    if how != "all":
        most, fewest = (1, 1) if how == "alone" else (competing, min(FEWEST, competing))
        best = _best_set(competing, range(most, fewest - 1, -1), compared)
    kept = {recipes[k] for k in joined(compared, best, range(competing, len(recipes)))}
    return [member for member in members if member.recipe in kept]


@dataclass(frozen=True)
class Comparison:
    """Kinds of networks, the averaged predictions of each, and the losses of sets of them on rows that all hold out."""

    P: Floats  # (k, t, m)
    counts: Floats  # (k,), of networks
    weights: Floats | None  # (t,), of the rows
    losses_of: Callable[[Floats], Floats]  # predictions (t, m) to losses (t,)

    @classmethod
    def of(cls, kinds: Sequence[Sequence[Member]], target: Target, labels: NDArray[np.generic]) -> Comparison | None:
        """Compares kinds on some of the rows that a network of each holds out; None without such rows."""
        found = [held_out_predictions(members, target) for members in kinds]
        held_out = [each for each in found if each is not None]
        if len(held_out) < len(kinds):
            return None
        rows: NDArray[np.intp] = reduce(np.intersect1d, [each.at for each in held_out])
        if not len(rows):
            return None
        rows = rows[:: -(-len(rows) // MOST_ROWS)]
        places = [np.searchsorted(each.at, rows) for each in held_out]
        P = np.stack([each.P[place] for each, place in zip(held_out, places, strict=True)])
        weights = None if held_out[0].weights is None else held_out[0].weights[places[0]]
        counts = np.array([float(len(members)) for members in kinds])
        return cls(P, counts, weights, losses_on(labels[rows], target, weights))

    def losses(self, chosen: Sequence[int]) -> Floats:
        """Returns the losses (t,) of the averaged predictions of some kinds."""
        return self.losses_of(np.average(self.P[list(chosen)], axis=0, weights=self.counts[list(chosen)]))

    def mean(self, chosen: Sequence[int]) -> float:
        """Returns their mean loss."""
        return float(np.average(self.losses(chosen), weights=self.weights))


def joined(compared: Comparison, chosen: Sequence[int], others: Sequence[int]) -> list[int]:
    """Returns the kinds ``chosen``, and after them ``others``, each time the one that lessens the mean loss most.

    Source: R. Caruana et al., Ensemble selection from libraries of models, ICML 2004 (greedy choice).
    """
    found = list(chosen)
    loss = compared.mean(found) if found else np.inf
    while left := [k for k in others if k not in found]:
        losses = [compared.mean([*found, k]) for k in left]
        if min(losses) >= loss:
            break
        loss = min(losses)
        found.append(left[losses.index(loss)])
    return found


def _best_set(n: int, sizes: Sequence[int], compared: Comparison) -> Sequence[int]:
    """Returns the set of one of these sizes, of kinds below n, whose mean loss is the smallest.

    Of equal ones it is that of the first size. A smaller set takes its place if its mean loss is lower by more than
    `CLEARLY` standard errors: an average of many recipes is safer, unless some alone are right where others are wrong.
    """

    def sets(of_sizes: Iterable[int]) -> Iterator[tuple[int, ...]]:
        return (chosen for size in of_sizes for chosen in combinations(range(n), size))

    best = min(sets(sizes), key=compared.mean)
    of_best, weights = compared.losses(best), compared.weights
    gains = {
        chosen: mean_and_error(of_best - compared.losses(chosen), weights)
        for chosen in sets(range(min(sizes) - 1, 0, -1))
    }
    clear = [chosen for chosen, (gain, error) in gains.items() if gain > CLEARLY * error]
    return max(clear, key=lambda chosen: gains[chosen][0], default=best)


def held_out_loss(members: Sequence[Member], target: Target, labels: NDArray[np.generic]) -> float | None:
    """Returns the loss of the averaged predictions on the rows that members hold out, None without such rows.

    It is the calibrated log-loss −log P(y), that of several labels added up without calibration, or in units of the
    targets' deviations the squared error, or the pinball loss of quantiles.
    """
    held_out = held_out_predictions(members, target)
    if held_out is None:
        return None
    losses = losses_on(labels[held_out.at], target, held_out.weights)(held_out.P)
    return float(np.average(losses, weights=held_out.weights))


def losses_on(labels: NDArray[np.generic], target: Target, weights: Floats | None) -> Callable[[Floats], Floats]:
    """Returns the function from predictions P of rows with these labels to the loss of each row."""
    if isinstance(target, ClassLabels):
        numbers = target.class_numbers(labels)
        return lambda P: class_log_losses(numbers, tempered(P, best_temperature(P, numbers, weights)))
    if isinstance(target, IndicatorLabels):
        indicators = target.indicators(labels)
        return lambda P: log_losses(indicators, P).sum(axis=1)
    Y = target.standardised(labels)
    if isinstance(target, QuantileLabels):
        pinball = Quantile(q=target.levels)
        return lambda P: pinball.losses(P, Y).astype(np.float64)
    return lambda P: ((P - Y) ** 2).sum(axis=1)
