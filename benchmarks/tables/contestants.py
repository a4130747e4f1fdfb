"""The models that are compared, each with its own defaults: their constructors and the packages that they need."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.harness.options import are_installed
from benchmarks.tables import frames
from benchmarks.tables.sets import Table, TableTask

SECONDS = {"tuned": 300.0}  # of a search, for each table
Estimator = Any  # fit(X, y) and predict(X), as in scikit-learn
Text = Sequence[str] | None  # the columns of a frame that are text; None for an array of numbers


@dataclass(frozen=True)
class Contestant:
    """A model: its title, the package whose version its results carry, the packages it needs, and its constructor."""

    title: str
    package: str
    needs: tuple[str, ...]
    make: Callable[[TableTask, int, int, Text], Estimator]  # task, seed, threads, columns of text
    form: Callable[[Table], Table] = frames.unchanged  # in which it is given a table
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


def chainrule(preset: str, task: TableTask, seed: int, threads: int, text: Text) -> Estimator:
    """Makes ``NetworkRegressor()`` or ``NetworkClassifier()``; only the preset, its time and the seed are set."""
    estimators: Any = importlib.import_module("chainrule.estimators")
    kind = estimators.NetworkRegressor if task == "regression" else estimators.NetworkClassifier
    return kind(preset=preset, random_state=seed, time_limit=SECONDS.get(preset))


def scikit_learn(scale_y: bool, task: TableTask, seed: int, threads: int, text: Text) -> Estimator:
    """Makes scikit-learn's MLP behind a StandardScaler (for frames: and indicators); y is raw, or standardised too."""
    networks: Any = importlib.import_module("sklearn.neural_network")
    scaler: Any = importlib.import_module("sklearn.preprocessing").StandardScaler
    pipeline: Any = importlib.import_module("sklearn.pipeline").make_pipeline
    kind = networks.MLPRegressor if task == "regression" else networks.MLPClassifier
    model = pipeline(scaler() if text is None else frames.one_hot(text), kind(random_state=seed))
    if scale_y:
        model = importlib.import_module("sklearn.compose").TransformedTargetRegressor(model, transformer=scaler())
    return model


def pytabkit(name: str, folds: int, task: TableTask, seed: int, threads: int, text: Text) -> Estimator:
    """Makes a network of pytabkit with its own defaults, on the CPU; it refuses gaps in numbers, which are imputed.

    Of several folds each network is validated on another; their predictions are averaged.
    """
    kind = f"{name}_{'Regressor' if task == 'regression' else 'Classifier'}"
    interfaces: Any = importlib.import_module("pytabkit.models.sklearn.sklearn_interfaces")
    model = getattr(interfaces, kind)(device="cpu", random_state=seed, n_threads=threads, n_cv=folds)
    if text is None:
        return model
    return importlib.import_module("sklearn.pipeline").make_pipeline(frames.imputed(text), model)


def hist_gradient_boosting(task: TableTask, seed: int, threads: int, text: Text) -> Estimator:
    """Makes scikit-learn's gradient boosting of trees over histograms."""
    ensemble: Any = importlib.import_module("sklearn.ensemble")
    kind = "Regressor" if task == "regression" else "Classifier"
    return getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=seed)


def lightgbm(task: TableTask, seed: int, threads: int, text: Text) -> Estimator:
    """Makes LightGBM's model, which writes no messages."""
    package: Any = importlib.import_module("lightgbm")
    kind = package.LGBMRegressor if task == "regression" else package.LGBMClassifier
    return kind(random_state=seed, n_jobs=threads, verbose=-1)


def catboost(task: TableTask, seed: int, threads: int, text: Text) -> Estimator:
    """Makes CatBoost's model, which writes no messages and no files, with the names of columns of categories."""
    package: Any = importlib.import_module("catboost")
    kind = package.CatBoostRegressor if task == "regression" else package.CatBoostClassifier
    silent = {"verbose": False, "allow_writing_files": False}
    return kind(random_seed=seed, thread_count=threads, cat_features=text or None, **silent)


OWN, BEST, TUNED = "chainrule", "chainrule-best", "chainrule-tuned"
TREES = ("hist-gb", "lightgbm", "catboost")
SLOW = (TUNED, "td-5", "tabm")  # minutes for some thousand rows: they may be measured on some sets alone
OWN_NEEDS, PYTABKIT = ("chainrule", "sklearn"), ("pytabkit", ("pytabkit", "torch"))
MODELS = {
    OWN: Contestant("Chainrule", "chainrule", OWN_NEEDS, partial(chainrule, "default")),
    BEST: Contestant("Chainrule, preset best", "chainrule", OWN_NEEDS, partial(chainrule, "best")),
    TUNED: Contestant("Chainrule, preset tuned", "chainrule", OWN_NEEDS, partial(chainrule, "tuned")),
    "sklearn": Contestant("scikit-learn", "scikit-learn", ("sklearn",), partial(scikit_learn, False)),
    "sklearn-y": Contestant(
        "scikit-learn, y standardised", "scikit-learn", ("sklearn",), partial(scikit_learn, True),
        tasks=("regression",), otherwise="sklearn",
    ),
    "td-s": Contestant("RealMLP-TD-S", *PYTABKIT, partial(pytabkit, "RealMLP_TD_S", 1), frames.as_categories),
    "td": Contestant("RealMLP-TD", *PYTABKIT, partial(pytabkit, "RealMLP_TD", 1), frames.as_categories),
    "td-5": Contestant("RealMLP-TD-5", *PYTABKIT, partial(pytabkit, "RealMLP_TD", 5), frames.as_categories),
    "tabm": Contestant("TabM-D", *PYTABKIT, partial(pytabkit, "TabM_D", 1), frames.as_categories),
    "hist-gb": Contestant(
        "HistGradientBoosting", "scikit-learn", ("sklearn",), hist_gradient_boosting, frames.as_categories
    ),
    "lightgbm": Contestant("LightGBM", "lightgbm", ("lightgbm",), lightgbm, frames.as_categories),
    "catboost": Contestant("CatBoost", "catboost", ("catboost",), catboost, frames.as_strings),
}  # fmt: skip
