"""Estimators with scikit-learn's interface: two for tables, and drop-in replacements for scikit-learn's MLPs.

Each name, and scikit-learn with it, is imported on first use. `TableEncoder`, `TableModel`, ``load`` and ``read_table``
come from `chainrule.tables` and need no scikit-learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule._internal.at_first_use import imported

if TYPE_CHECKING:
    from chainrule.errors import TrainingWarning
    from chainrule.estimators.mlp.classifier import MLPClassifier
    from chainrule.estimators.mlp.regressor import MLPRegressor
    from chainrule.estimators.network.classifier import NetworkClassifier
    from chainrule.estimators.network.hidden import Hidden
    from chainrule.estimators.network.regressor import NetworkRegressor
    from chainrule.tables import TableEncoder, TableModel, load, read_table

DEFINED_IN = {  # the module that defines each name
    "Hidden": "chainrule.estimators.network.hidden",
    "MLPClassifier": "chainrule.estimators.mlp.classifier",
    "MLPRegressor": "chainrule.estimators.mlp.regressor",
    "NetworkClassifier": "chainrule.estimators.network.classifier",
    "NetworkRegressor": "chainrule.estimators.network.regressor",
    "TableEncoder": "chainrule.tables",
    "TableModel": "chainrule.tables",
    "TrainingWarning": "chainrule.errors",
    "load": "chainrule.tables",
    "read_table": "chainrule.tables",
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
    "read_table",
]


def __getattr__(name: str) -> Any:
    try:
        return imported(__name__, name, DEFINED_IN)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sklearn", "scipy"):
            raise
        from chainrule.errors import MissingExtra

        raise MissingExtra(
            f"{name} needs scikit-learn; install it with: pip install 'chainrule[estimators]'", name=error.name
        ) from error


def __dir__() -> list[str]:
    return sorted([*globals(), *DEFINED_IN])
