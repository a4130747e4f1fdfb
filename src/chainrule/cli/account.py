"""What is told of a training run: before, after, and in the model's file."""

from __future__ import annotations

import math
from typing import Any

from chainrule import engines
from chainrule.cli.plan import Plan, described
from chainrule.cli.progress import duration
from chainrule.cli.ready import Rows
from chainrule.cli.table import Table
from chainrule.cli.target import Score
from chainrule.network import Network
from chainrule.training import History


def intentions(net: Network, chosen: Plan, choice: engines.Choice) -> list[str]:
    """What will be done."""
    sigmas = ", ".join(sigma.name for sigma in net.sigma)
    batch = "all rows" if chosen.batch_size is None else f"{chosen.batch_size} rows"
    rate = chosen.optimizer.schedule.at(0, 1)
    decay = f", weight decay {chosen.weight_decay:g}" if chosen.weight_decay else ""
    return [
        f"Network {described(net.m)} ({sigmas}), {net.d:,} parameters.",
        f"{chosen.optimizer.name}, learning rate {rate:g}{decay}, {batch} a step.",
        f"Engine: {choice.name}; {choice.reason.rstrip('.')}.",
    ]


def divergence(history: History, chosen: Plan) -> str:
    """What to do when J was not finite any more."""
    rate = chosen.optimizer.schedule.at(0, 1)
    return (
        f"training diverged: J or its gradient was not finite in epoch {history.epochs + 1}. "
        f"Try a smaller --learning-rate, such as {rate / 10:g} (this was {rate:g}). Nothing was saved."
    )


def ending(history: History, seconds: float) -> str:
    """How training ended."""
    reasons = {"epochs": "all that were asked for", "patience": "then validation J fell no more"}
    reason = reasons.get(str(history.stopped), str(history.stopped))
    return (
        f"Trained {history.epochs} epochs in {duration(seconds)} ({reason}); "
        f"the network of epoch {history.best_epoch} is kept, the best on the validation rows."
    )


def summary(
    table: Table, rows: Rows, chosen: Plan, history: History, seconds: float, seed: int,
    measured: list[Score],
) -> dict[str, Any]:  # fmt: skip
    """What the model's file tells of its training."""
    from chainrule import __version__

    best = history.best_epoch
    return {
        "source": table.source,
        "rows": {
            "training": len(rows.split.training),
            "validation": len(rows.split.validation),
            "test": len(rows.split.test),
        },
        "optimizer": chosen.optimizer.name,
        "learning_rate": chosen.optimizer.schedule.at(0, 1),
        "weight_decay": chosen.weight_decay,
        "batch_size": chosen.batch_size,
        "seed": seed,
        "epochs": history.epochs,
        "best_epoch": best,
        "stopped": history.stopped,
        "J": float(history.J[(best or history.epochs) - 1]),
        "validation_J": float(history.validation_J[(best or history.epochs) - 1]),
        "seconds": round(seconds, 3),
        "engine": history.engine,
        "scores": [[score.name, _finite(score.network), _finite(score.baseline)] for score in measured],
        "chainrule": __version__,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
