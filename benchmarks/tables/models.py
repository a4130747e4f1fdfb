"""The models that are compared: how each is made for a task, and from which packages. All are used as they come."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.tables.sets import Task

Estimator = Any  # fit(X, y), predict(X), as in scikit-learn


@dataclass(frozen=True)
class Model:
    """A model: its title, the packages that it needs, the one whose version names its results, and how it is made."""

    title: str
    package: str
    needs: tuple[str, ...]
    make: Callable[[Task, int, int], Estimator]  # task, seed, threads
    tasks: tuple[Task, ...] = ("regression", "classification")
    otherwise: str = ""  # the model that it is on other tasks

    @property
    def installed(self) -> bool:
        """Whether every package that it needs is there."""
        return all(importlib.util.find_spec(package) is not None for package in self.needs)

    @property
    def version(self) -> str:
        """Of its package."""
        if self.package == "chainrule":  # the tree's, which need not be what is installed
            return str(importlib.import_module("chainrule").__version__)
        return importlib.metadata.version(self.package)


def chainrule(preset: str) -> Callable[[Task, int, int], Estimator]:
    """``NetworkRegressor()`` or ``NetworkClassifier()`` with a preset; nothing else is set but the seed."""

    def make(task: Task, seed: int, threads: int) -> Estimator:
        estimators: Any = importlib.import_module("chainrule.estimators")
        kind = estimators.NetworkRegressor if task == "regression" else estimators.NetworkClassifier
        return kind(preset=preset, random_state=seed)

    return make


def scikit_learn(scale_y: bool) -> Callable[[Task, int, int], Estimator]:
    """scikit-learn's MLP behind a StandardScaler; a regressor's y raw or standardised too."""

    def make(task: Task, seed: int, threads: int) -> Estimator:
        networks: Any = importlib.import_module("sklearn.neural_network")
        scaler: Any = importlib.import_module("sklearn.preprocessing").StandardScaler
        pipeline: Any = importlib.import_module("sklearn.pipeline").make_pipeline
        kind = networks.MLPRegressor if task == "regression" else networks.MLPClassifier
        model = pipeline(scaler(), kind(random_state=seed))
        if scale_y:
            model = importlib.import_module("sklearn.compose").TransformedTargetRegressor(model, transformer=scaler())
        return model

    return make


def realmlp(name: str) -> Callable[[Task, int, int], Estimator]:
    """pytabkit's RealMLP with its own defaults, on the CPU."""

    def make(task: Task, seed: int, threads: int) -> Estimator:
        kind = f"{name}_{'Regressor' if task == 'regression' else 'Classifier'}"
        interfaces: Any = importlib.import_module("pytabkit.models.sklearn.sklearn_interfaces")
        return getattr(interfaces, kind)(device="cpu", random_state=seed, n_threads=threads)

    return make


MODELS = {
    "chainrule": Model("Chainrule", "chainrule", ("chainrule", "sklearn"), chainrule("default")),
    "chainrule-best": Model("Chainrule, best", "chainrule", ("chainrule", "sklearn"), chainrule("best")),
    "sklearn": Model("scikit-learn", "scikit-learn", ("sklearn",), scikit_learn(scale_y=False)),
    "sklearn-y": Model(
        "scikit-learn, y standardised",
        "scikit-learn",
        ("sklearn",),
        scikit_learn(scale_y=True),
        ("regression",),
        otherwise="sklearn",
    ),
    "td-s": Model("RealMLP-TD-S", "pytabkit", ("pytabkit", "torch"), realmlp("RealMLP_TD_S")),
    "td": Model("RealMLP-TD", "pytabkit", ("pytabkit", "torch"), realmlp("RealMLP_TD")),
}
