"""Tables in, models out: the encoder of tables, and estimators with scikit-learn's interface.

The encoder needs no scikit-learn; an estimator is loaded, and scikit-learn with it, when its name is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chainrule.estimators.classifier import NetworkClassifier
    from chainrule.estimators.diagnosis import TrainingWarning
    from chainrule.estimators.encoder import TableEncoder
    from chainrule.estimators.hidden import Hidden
    from chainrule.estimators.mlp_classifier import MLPClassifier
    from chainrule.estimators.mlp_regressor import MLPRegressor
    from chainrule.estimators.regressor import NetworkRegressor
    from chainrule.estimators.table_model import TableModel, load

HOMES = {  # the module of each name
    "Hidden": "hidden",
    "MLPClassifier": "mlp_classifier",
    "MLPRegressor": "mlp_regressor",
    "NetworkClassifier": "classifier",
    "NetworkRegressor": "regressor",
    "TableEncoder": "encoder",
    "TableModel": "table_model",
    "TrainingWarning": "diagnosis",
    "load": "table_model",
}

__all__ = [
    "Hidden",
    "MLPClassifier",
    "MLPRegressor",
    "NetworkClassifier",
    "NetworkRegressor",
    "TableEncoder",
    "TableModel",
    "TrainingWarning",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sklearn", "scipy"):
            raise
        raise ImportError(
            f"{name} needs scikit-learn; install it with: pip install 'chainrule[estimators]'", name=error.name
        ) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *HOMES])
