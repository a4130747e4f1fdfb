"""The options of ``chainrule train`` that become parameters of an estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import activations, optimizers
from chainrule._internal.checks import as_integer, as_real
from chainrule._internal.naming import listed, resolve
from chainrule.cli.errors import WrongUsage, option_errors
from chainrule.cli.signals import NOTHING
from chainrule.cli.train.hidden_sizes import parse_hidden_sizes
from chainrule.engines.choice import MODULES
from chainrule.errors import InputError
from chainrule.estimators.network.checkpoints import refuse_unless_resumed
from chainrule.estimators.network.recipes.levenberg_marquardt import NAME as LM
from chainrule.estimators.network.recipes.presets import PRESETS
from chainrule.files.atomic import as_path
from chainrule.optimizers import OPTIMIZERS, GradientDescent, Optimizer
from chainrule.tables.columns import Task
from chainrule.tables.intervals.conformal import INTERVALS
from chainrule.tables.intervals.quantile_labels import as_levels
from chainrule.tables.text.notation import AS_RECOGNISED, Writing
from chainrule.training.minimize import METHODS

DESCENT_RATE = 0.1  # for a cost that is a mean; the default of gradient descent suits the lecture's sum


DECIDED_BY_A_MODEL: Mapping[str, Any] = {  # options that a model has decided, with their defaults
    "task": None, "drop": None, "category": None, "decimal": None, "thousands": None, "na": None,
    "preset": "default", "layers": None, "activation": None, "optimizer": None, "learning_rate": None,
    "batch_size": None, "class_weight": None, "quantiles": None, "interval": "constant", "scoring": None,
    "engine": "auto",
}  # fmt: skip
NOT_OF_PASSES: Mapping[str, str] = {  # options of fit that passes over new rows do without, with the reason
    "folds": "measures new models, each trained on a part of the rows, and --from continues the one that it names",
    "patience": "ends a training by itself, and --from makes as many passes as --epochs says",
    "time_limit": "plans the epochs of a new model, and --from makes as many passes as --epochs says",
    "checkpoint": "is for a long training, and --from saves the best of the finished passes if it is interrupted",
    "resume": "continues from checkpoints, and --from from a model",
    "workers": "shares networks among processes, and --from makes its passes in this process",
}


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Options for the networks and their training; None leaves the choice to the preset."""

    preset: str = "default"
    layers: str | None = None
    activation: str | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    batch_size: int | None = None
    epochs: int | None = None
    patience: int | None = None
    time_limit: float | None = None
    checkpoint: str | None = None
    resume: bool = False
    class_weight: str | None = None
    quantiles: str | None = None
    interval: str = "constant"
    engine: str = "auto"
    categories: Sequence[str] | None = None
    seed: int = 0
    writing: Writing = AS_RECOGNISED
    verbose: bool = False  # a line for each epoch, in place of a bar
    scoring: str | None = None
    workers: int | None = None

    def parameters(self) -> dict[str, Any]:
        """Returns an estimator's parameters, without class weights. Raises WrongUsage for an invalid option."""
        with option_errors("--preset"):
            resolve("preset", self.preset, PRESETS)
        with option_errors("--activation"):
            sigma = None if self.activation is None else activations.get(self.activation)
        for option, value in (
            ("--batch-size", self.batch_size),
            ("--epochs", self.epochs),
            ("--patience", self.patience),
            ("--workers", self.workers),
        ):
            with option_errors(option):
                if value is not None:
                    as_integer(value, "the number", 1)
        for option, number in (("--learning-rate", self.learning_rate), ("--time-limit", self.time_limit)):
            with option_errors(option):
                if number is not None:
                    as_real(number, "the number", 0.0, open_minimum=True)
        self._require_checkpoint()
        with option_errors("--engine"):
            resolve("engine", self.engine, {"auto": "", **MODULES})
        sizes = None if self.layers is None else parse_hidden_sizes(self.layers)
        return {
            "preset": self.preset,
            "hidden_layer_sizes": sizes,
            "activation": sigma,
            "batch_size": self.batch_size,
            "epochs": self.epochs,
            "patience": self.patience,
            "scoring": self.scoring,
            "time_limit": self.time_limit,
            "checkpoint": self.checkpoint,
            "resume": self.resume,
            **self._quantiles(),
            "engine": self.engine,
            "workers": self.workers,
            "categories": self.categories,
            "decimal": self.writing.decimal,
            "thousands": self.writing.thousands,
            "missing": self.writing.missing,
            "random_state": self.seed,
            **self._optimizer(),
        }

    def _quantiles(self) -> dict[str, Any]:
        """Returns the parameters of quantiles and intervals, if they are given, which regression alone has."""
        if self.quantiles is not None:
            with option_errors("--quantiles"):
                try:
                    levels = as_levels([float(part) for part in self.quantiles.split(",")])
                except ValueError as error:
                    if isinstance(error, InputError):
                        raise
                    raise InputError(f"give numbers such as .05,.5,.95; got {self.quantiles!r}.") from None
            if self.interval != "constant":
                raise WrongUsage("--interval: quantiles have intervals of their own; omit --interval.")
            return {"quantiles": levels}
        with option_errors("--interval"):
            resolve("interval", self.interval, dict.fromkeys(INTERVALS))
        return {} if self.interval == "constant" else {"interval": self.interval}

    def _require_checkpoint(self) -> None:
        """Raises WrongUsage for a checkpoint that does not go with other options, or exists and is not resumed."""
        if self.checkpoint is None:
            if self.resume:
                raise WrongUsage("--resume continues from --checkpoint FOLDER; name the folder.")
            return
        if self.time_limit is not None:
            raise WrongUsage("--checkpoint does not go with --time-limit, which plans by speed; use --epochs.")
        with option_errors("--checkpoint"):
            as_path(self.checkpoint)
            refuse_unless_resumed(self.checkpoint, self.resume)

    def announcement(self) -> list[str]:
        """Returns a line about the checkpoints, if there are any."""
        if self.checkpoint is None:
            return []
        count = refuse_unless_resumed(self.checkpoint, self.resume)
        begins = f"training continues from those of {count} networks" if count else "training begins"
        return [f"Checkpoints in {self.checkpoint}: {begins}."]

    def continuation(self) -> str:
        """Returns how to continue the training from its checkpoints; "" without checkpoints."""
        if self.checkpoint is None or not refuse_unless_resumed(self.checkpoint, True):
            return ""
        return f"--checkpoint {self.checkpoint} --resume continues the training."

    def what_remains(self) -> str:
        """Returns what a command has saved that was ended before it had a model."""
        continuation = self.continuation()
        return f"no model was saved. {continuation}" if continuation else NOTHING

    def _optimizer(self) -> dict[str, Any]:
        """Returns the optimizer's parameters; a named optimizer drops the preset's rate factors, tuned for its own."""
        if self.optimizer is None:
            return {"learning_rate": self.learning_rate}
        name = self.optimizer.lower().replace("-", "_")
        if name == LM:
            self._require_minimiser()
            return {"optimizer": LM}
        if name.replace("_", "-") in METHODS:
            raise WrongUsage(
                f"--optimizer {self.optimizer} is a method of chainrule.minimize, in Python. Choose {LM}, which is for "
                f"small regressions, or one of {listed(sorted(OPTIMIZERS))}."
            )
        known: dict[str, type[Optimizer]] = {**OPTIMIZERS, LM: GradientDescent}  # so that LM may be meant
        with option_errors("--optimizer"):
            kind = resolve("optimizer", name, known)
        if kind.full_batch_only and self.batch_size is not None:
            raise WrongUsage(f"--batch-size: {name} needs the gradient over all rows; omit the batch size.")
        rate = DESCENT_RATE if kind is GradientDescent and self.learning_rate is None else self.learning_rate
        plain: dict[str, Any] = {"ntk": False, "scaling_rate": 0.0, "bias_rate": 1.0, "kappa_rate": 1.0}
        if kind.full_batch_only:
            plain["batch_size"] = "full"
        return {"optimizer": optimizers.get(name, rate), **plain}

    def _require_minimiser(self) -> None:
        """Raises WrongUsage for options that do not go with Levenberg–Marquardt."""
        for option, value in (
            ("--learning-rate", self.learning_rate),
            ("--batch-size", self.batch_size),
            ("--checkpoint", self.checkpoint),
        ):
            if value is not None:
                raise WrongUsage(
                    f"{option} does not go with --optimizer {LM}, whose steps over all rows have no learning rate and "
                    f"no state; omit {option}."
                )
        if self.preset != TrainingOptions.preset:
            raise WrongUsage(f"--preset does not go with --optimizer {LM}, which has its own recipe; omit --preset.")

    def require_task(self, task: Task) -> None:
        """Raises WrongUsage for a scorer that scikit-learn does not have, or if an option is not for this task."""
        if self.scoring is not None:
            from chainrule.estimators.network.scorers.names import require_scorer  # loads scikit-learn

            with option_errors("--scoring"):
                require_scorer(self.scoring)
        if task != "regression" and (given := self._quantiles()):
            raise WrongUsage(
                f"--{next(iter(given))} is for regression; this is {task}. Omit it, or give --task regression."
            )
        if task != "regression" and self.optimizer is not None and self.optimizer.lower() == LM:
            raise WrongUsage(
                f"--optimizer {LM} minimises a sum of squares, for regression; this is {task}. Omit --optimizer."
            )

    def class_weights(self, classes: Sequence[Any]) -> Any:
        """Returns ``class_weight`` for these classes: None, "balanced", or weights ≥ 0 by class. Raises WrongUsage."""
        if self.class_weight is None or self.class_weight == "balanced":
            return self.class_weight
        by_text = {str(value): value for value in classes}
        weights = {}
        for part in self.class_weight.split(","):
            name, _, weight = part.rpartition("=")
            if name not in by_text:
                known = listed(classes)
                raise WrongUsage(
                    f"--class-weight: give balanced, or CLASS=WEIGHT,… with classes {known}; got {part!r}."
                )
            try:
                weights[by_text[name]] = as_real(float(weight), "the weight", 0.0)
            except (ValueError, InputError):
                raise WrongUsage(f"--class-weight: a weight must be a number ≥ 0; got {part!r}.") from None
        if len(weights) == len(by_text) and not any(weights.values()):
            raise WrongUsage("--class-weight: the weight of one class at least must be > 0.")
        return weights


def require_no_settings(given: Mapping[str, Any]) -> None:
    """Raises WrongUsage for options that --from excludes; ``given`` are all options by name."""
    for name, reason in NOT_OF_PASSES.items():
        if given[name]:
            option = f"--{name.replace('_', '-')}"
            raise WrongUsage(f"{option} {reason}. Leave out {option} or --from.")
    if wrong := [
        f"--{name.replace('_', '-')}" for name, default in DECIDED_BY_A_MODEL.items() if given[name] != default
    ]:
        raise WrongUsage(f"--from keeps the model's settings; leave out {', '.join(wrong)}, or train a new model.")
