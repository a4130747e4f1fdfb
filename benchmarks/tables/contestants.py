"""The models that are compared, each with its own defaults: their constructors and the packages that they need."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.harness.options import are_installed
from benchmarks.tables.sets import TableTask

Estimator = Any  # fit(X, y) and predict(X), as in scikit-learn


@dataclass(frozen=True)
class Contestant:
    """A model: its title, the package whose version its results carry, the packages it needs, and its constructor."""

    title: str
    package: str
    needs: tuple[str, ...]
    make: Callable[[TableTask, int, int], Estimator]  # task, seed, threads
    tasks: tuple[TableTask, ...] = ("regression", "classification")
    otherwise: str = ""  # the model that represents it on other tasks

    @property
    def is_installed(self) -> bool:
        """True if every package that it needs is installed."""
        return are_installed(self.needs)

    @property
    def version(self) -> str:
        """The version of its package."""
        if self.package == "chainrule":  # the imported one, which may differ from the installed distribution
            return str(importlib.import_module("chainrule").__version__)
        return importlib.metadata.version(self.package)


def chainrule(preset: str, task: TableTask, seed: int, threads: int) -> Estimator:
    """Makes ``NetworkRegressor()`` or ``NetworkClassifier()``; only the preset and the seed are set."""
    estimators: Any = importlib.import_module("chainrule.estimators")
    kind = estimators.NetworkRegressor if task == "regression" else estimators.NetworkClassifier
    return kind(preset=preset, random_state=seed)


def scikit_learn(scale_y: bool, task: TableTask, seed: int, threads: int) -> Estimator:
    """Makes scikit-learn's MLP behind a StandardScaler; a regressor's y is raw, or standardised too."""
    networks: Any = importlib.import_module("sklearn.neural_network")
    scaler: Any = importlib.import_module("sklearn.preprocessing").StandardScaler
    pipeline: Any = importlib.import_module("sklearn.pipeline").make_pipeline
    kind = networks.MLPRegressor if task == "regression" else networks.MLPClassifier
    model = pipeline(scaler(), kind(random_state=seed))
    if scale_y:
        model = importlib.import_module("sklearn.compose").TransformedTargetRegressor(model, transformer=scaler())
    return model


def realmlp(name: str, task: TableTask, seed: int, threads: int) -> Estimator:
    """Makes pytabkit's RealMLP with its own defaults, on the CPU."""
    kind = f"{name}_{'Regressor' if task == 'regression' else 'Classifier'}"
    interfaces: Any = importlib.import_module("pytabkit.models.sklearn.sklearn_interfaces")
    return getattr(interfaces, kind)(device="cpu", random_state=seed, n_threads=threads)


def hist_gradient_boosting(task: TableTask, seed: int, threads: int) -> Estimator:
    """Makes scikit-learn's gradient boosting of trees over histograms."""
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    kind = "Regressor" if task == "regression" else "Classifier"
    return getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=seed)


def lightgbm(task: TableTask, seed: int, threads: int) -> Estimator:
    """Makes LightGBM's model, which writes no messages."""
    package: Any = importlib.import_module("lightgbm")
    kind = package.LGBMRegressor if task == "regression" else package.LGBMClassifier
    return kind(random_state=seed, n_jobs=threads, verbose=-1)


def catboost(task: TableTask, seed: int, threads: int) -> Estimator:
    """Makes CatBoost's model, which writes no messages and no files."""
    package: Any = importlib.import_module("catboost")
    kind = package.CatBoostRegressor if task == "regression" else package.CatBoostClassifier
    return kind(random_seed=seed, thread_count=threads, verbose=False, allow_writing_files=False)


OWN, BEST = "chainrule", "chainrule-best"
TREES = ("hist-gb", "lightgbm", "catboost")
MODELS = {
    OWN: Contestant("Chainrule", "chainrule", ("chainrule", "sklearn"), partial(chainrule, "default")),
    BEST: Contestant("Chainrule, preset best", "chainrule", ("chainrule", "sklearn"), partial(chainrule, "best")),
    "sklearn": Contestant("scikit-learn", "scikit-learn", ("sklearn",), partial(scikit_learn, False)),
    "sklearn-y": Contestant(
        "scikit-learn, y standardised",
        "scikit-learn",
        ("sklearn",),
        partial(scikit_learn, True),
        ("regression",),
        otherwise="sklearn",
    ),
    "td-s": Contestant("RealMLP-TD-S", "pytabkit", ("pytabkit", "torch"), partial(realmlp, "RealMLP_TD_S")),
    "td": Contestant("RealMLP-TD", "pytabkit", ("pytabkit", "torch"), partial(realmlp, "RealMLP_TD")),
    "hist-gb": Contestant("HistGradientBoosting", "scikit-learn", ("sklearn",), hist_gradient_boosting),
    "lightgbm": Contestant("LightGBM", "lightgbm", ("lightgbm",), lightgbm),
    "catboost": Contestant("CatBoost", "catboost", ("catboost",), catboost),
}
