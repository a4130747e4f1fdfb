"""The presets: recipes for all that the user does not set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chainrule._internal.naming import resolve
from chainrule.costs import Cost, CrossEntropy, LogLikelihood, SumOfSquares
from chainrule.estimators.network.hidden import Hidden
from chainrule.estimators.network.recipe import Recipe
from chainrule.estimators.network.recipes.search_space import candidates
from chainrule.initial import Glorot
from chainrule.optimizers import AdamW, GradientDescent, Optimizer
from chainrule.optimizers.schedules import Cosine, CosLog4, FlatCosine
from chainrule.tables.columns import Task

# Numbers of rows. On few rows, several small networks are more accurate than a large one, in less time.
VERY_FEW, FEW, MANY = 500, 1_500, 20_000
FEWEST_TO_COMPETE = 250  # on fewer rows, losses on held-out rows do not tell which recipes are better
BATCH = 256
LABEL_SMOOTHING = 0.05
LARGEST_FIRST_LAYER = 2_000_000  # entries of W[1] between sparse features and hidden units: 40 MB in training


def default(task: Task, t: int) -> tuple[Recipe, ...]:
    """Returns RealMLP's simplified recipe (TD-S), without an embedding of numbers and with each of the piecewise ones.

    The first suits smooth functions, these suit thresholds; networks that differ make different errors.
    Many networks with few epochs are more accurate than two with many, in the same time, since most tables let them
    stop early (`has_settled`); only on functions without noise do more epochs continue to pay.
    """
    few, is_classification = t < FEW, task != "regression"
    sigma, rate = ("selu", 0.04) if is_classification else ("mish", 0.07)
    if is_classification:
        epochs, networks = _epochs(t, steps=800) if few else _epochs(t, steps=2_400, most=80, least=8), 8
    elif few:
        epochs, networks = _epochs(t, steps=7_000), 8 if t < VERY_FEW else 6
    else:
        epochs, networks = _epochs(t, steps=3_500, most=128), 4
    plain = Recipe(
        hidden=(Hidden(256 if t >= MANY else 128, sigma, 0.0),) * 3,
        cost=_cost(task),
        optimizer=AdamW(CosLog4(rate), beta2=0.95, weight_decay=0.0),
        epochs=epochs,
        batch_size=BATCH // 2 if few else BATCH,
        n_networks=networks,
        validation_fraction=0.2 if few else 0.1,
        max_values=10 if is_classification else 0,
    )
    return plain, replace(plain, embedding="piecewise"), replace(plain, embedding="thresholds")


def best(task: Task, t: int) -> tuple[Recipe, ...]:
    """Returns seven recipes; after one network of each, four continue (`finalists`), and all or fewer stay (`winners`).

    RealMLP's (TD), with a periodic embedding and dropout; one with a piecewise embedding and dropout; the default's
    with thresholds, and one without embedding, both without dropout; one with steps; and with thresholds a narrow
    layer, and two wide ones with much dropout. Each suits some functions and not others; networks that differ make
    different errors. For a table of few rows four are returned, which are all kept: the first, one with thresholds and
    dropout, and the default's two with a piecewise embedding.
    """
    rate = 0.2 if task == "regression" else 0.04
    base = replace(
        default(task, t)[0],
        epochs=_epochs(t, steps=10_000, most=256 if t >= FEW else 2_048 if task == "regression" else 512),
        n_networks=8 if t < VERY_FEW else 3 if t < MANY else 2,
        validation_fraction=0.08,
        competes="together",
    )
    simple = replace(base, optimizer=_decaying(base.optimizer), initial="data", zero_output=False, parametric=True)
    piecewise = replace(simple, hidden=_dropping(base.hidden, 0.15), embedding="piecewise")
    periodic = replace(
        piecewise,
        optimizer=_decaying(replace(base.optimizer, learning_rate=CosLog4(rate))),
        embedding="periodic",
    )
    steps, thresholds = (replace(piecewise, embedding=name) for name in ("steps", "thresholds"))
    narrow = replace(thresholds, hidden=_dropping([replace(base.hidden[0], width=48)], 0.1))
    wide = replace(thresholds, hidden=_dropping([replace(base.hidden[0], width=256)] * 2, 0.4))
    plain = replace(base, embedding="thresholds")
    if t < FEWEST_TO_COMPETE:
        few = periodic, thresholds, replace(base, embedding="piecewise"), plain
        return tuple(replace(recipe, competes="all") for recipe in few)
    return periodic, piecewise, plain, simple, steps, narrow, wide


def lecture(task: Task, t: int) -> tuple[Recipe, ...]:
    """Returns the lecture's recipe (L10 – L12): sigmoids and full-batch gradient descent.

    J is the mean over the rows, not the lecture's sum: its learning rate then suits tables of any length.
    """
    recipe = Recipe(
        hidden=(Hidden(30, "sigmoid", 0.0),),
        cost=SumOfSquares(mean=True) if task == "regression" else LogLikelihood(mean=True),
        optimizer=GradientDescent(1.0),
        epochs=1000,
        batch_size=None,
        initial=Glorot(),
        zero_output=False,
        scaling_rate=0.0,
        ntk=False,
        bias_rate=1.0,
        kappa_rate=1.0,
        numbers="standard",
        even_batches=False,
    )
    return (recipe,)


def sparse(task: Task, t: int, n: int) -> tuple[Recipe, ...]:
    """Returns three recipes for n sparse features, such as TF-IDF or hashed ones; they compete on held-out rows.

    Two are linear. The first moves as gradient descent with momentum does (its ε is far above the gradients) and stops
    early, so that rare features keep small weights: it suits long texts. The second takes Adam's steps with a penalty,
    and learns rare features too. The third has a hidden layer, for what no linear network can represent.
    """
    linear = Recipe(
        hidden=(),
        cost=_sparse_cost(task, 0.0),
        optimizer=AdamW(Cosine(0.3), epsilon=1e-2, weight_decay=0.0),
        epochs=_epochs(t, steps=500, most=20, least=8),
        batch_size=BATCH // 2 if t < MANY else BATCH,
        n_networks=5 if t < MANY else 3,
        initial=Glorot(),
        scaling_rate=0.0,
        ntk=False,
        bias_rate=1.0,
        kappa_rate=1.0,
        numbers="joint",
        competes="alone",
    )
    penalized = replace(linear, cost=_sparse_cost(task, 0.1 / t), optimizer=AdamW(Cosine(0.1), weight_decay=0.0))
    width = max(8, min(64, LARGEST_FIRST_LAYER // n))
    hidden = replace(
        linear,
        hidden=(Hidden(width, "relu", 0.2),),
        cost=_sparse_cost(task, 1.0 / t),
        optimizer=AdamW(Cosine(0.01), weight_decay=0.0),
    )
    return linear, penalized, hidden


def best_sparse(task: Task, t: int, n: int) -> tuple[Recipe, ...]:
    """Returns the recipes of `sparse`, with twice as many networks."""
    return tuple(replace(recipe, n_networks=2 * recipe.n_networks) for recipe in sparse(task, t, n))


def tuned(task: Task, t: int) -> tuple[Recipe, ...]:
    """Returns the recipes that a search tries: those of `best`, and others drawn around them.

    Each has twice as many networks, except for a table of few rows, for which `best` has many.
    """
    recipes = best(task, t)
    more = 1 if t < VERY_FEW else 2
    return candidates(tuple(replace(recipe, n_networks=more * recipe.n_networks) for recipe in recipes))


PRESETS: dict[str, Callable[[Task, int], tuple[Recipe, ...]]] = {
    "default": default, "best": best, "tuned": tuned, "lecture": lecture,
}  # fmt: skip
TUNED = "tuned"  # the preset whose recipes are searched
# The preset whose recipe replaces that of another one where time does not suffice for all networks of this recipe: they
# are as accurate, network by network, and take a third of the time. Their number remains that of the other preset.
SHORTER = {"best": "default"}
SPARSE: dict[str, Callable[[Task, int, int], tuple[Recipe, ...]]] = {
    "default": sparse, "best": best_sparse, "tuned": best_sparse,
}  # fmt: skip


def preset(name: object, task: Task, t: int, n_sparse: int = 0) -> tuple[Recipe, ...]:
    """Returns the recipes of a preset for a task with t rows, of ``n_sparse`` sparse features if that is not 0.

    The networks take them in turn. All have the same number of networks, validation split and scaling of numbers.
    Raises UnknownName.
    """
    recipes = resolve("preset", name, PRESETS)
    return SPARSE[str(name)](task, t, n_sparse) if n_sparse and name in SPARSE else recipes(task, t)


def smoothing_of_labels(name: object, n_sparse: int) -> float:
    """Returns the ε by which a preset smooths several labels, y′ = (1 − ε) y + ε/2, as the cross-entropy does classes.

    "lecture" has none, and there is none for sparse features. On scikit-learn's digits with the labels "odd", "above
    four" and "has a loop", log-loss and Hamming loss are 0.030 and 0.9 % with it, and 0.061 and 2.4 % without; with
    noisy labels they are nearly the same.
    """
    return 0.0 if n_sparse or name == "lecture" else LABEL_SMOOTHING


def _sparse_cost(task: Task, l2: float) -> Cost:
    return replace(_cost(task, label_smoothing=0.0), l2=l2)


def _cost(task: Task, label_smoothing: float = LABEL_SMOOTHING) -> Cost:
    """Returns the cost; without label smoothing, held-out J would rise early, as networks become overconfident.

    Several labels are smoothed before the cost has them (`smoothing_of_labels`).
    """
    if task == "multilabel":
        return LogLikelihood(mean=True)
    return SumOfSquares(mean=True) if task == "regression" else CrossEntropy(mean=True, label_smoothing=label_smoothing)


def _dropping(layers: Sequence[Hidden], p: float) -> tuple[Hidden, ...]:
    return tuple(replace(layer, dropout=FlatCosine(p)) for layer in layers)


def _decaying(optimizer: Optimizer) -> Optimizer:
    return replace(optimizer, weight_decay=FlatCosine(0.02))  # type: ignore[call-arg]  # it is AdamW


def _epochs(t: int, steps: int, most: int = 256, least: int = 16) -> int:
    """Returns the epochs that take about this many steps, within bounds."""
    return max(least, min(most, steps * BATCH // t))
