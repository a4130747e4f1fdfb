"""Tables like those of the guides: two that scikit-learn bundles, and three of the same shape as well-known ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.datasets import load_diabetes, load_digits

from chainrule.estimators import NetworkClassifier, NetworkRegressor
from chainrule.tables.model import TableModel

Labelled = tuple[pd.DataFrame, NDArray[np.generic]]


def penguins(t: int = 200) -> Labelled:
    """Three species by four sizes in mm and g, the island and the sex, with gaps in both kinds of columns."""
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=t)
    sizes = np.array([[38.8, 18.3, 190, 3700], [48.8, 18.4, 196, 3733], [47.5, 15.0, 217, 5076]])[kind]
    X = pd.DataFrame(
        sizes * rng.normal(1.0, 0.05, size=(t, 4)),
        columns=["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"],
    )
    moved = np.where(rng.random(t) < 0.3, rng.integers(3, size=t), kind)
    X["island"] = np.array(["Torgersen", "Dream", "Biscoe"])[moved]
    X["sex"] = [None if u < 0.03 else "male" if u < 0.5 else "female" for u in rng.random(t)]
    X.loc[[3, 7], ["bill_length_mm", "body_mass_g"]] = np.nan
    return X, np.array(["Adelie", "Chinstrap", "Gentoo"])[kind]


def titanic(t: int = 200) -> Labelled:
    """Two classes by numbers, few values, a boolean, texts with gaps, and a cabin of many levels, most of them rare."""
    rng = np.random.default_rng(1)
    X = pd.DataFrame({
        "Pclass": rng.integers(1, 4, size=t),
        "Sex": rng.choice(["male", "female"], size=t),
        "Age": np.where(rng.random(t) < 0.2, np.nan, rng.integers(1, 80, size=t)),
        "Fare": rng.lognormal(3.0, 1.0, size=t).round(2),
        "Alone": rng.random(t) < 0.6,
        "Cabin": [f"C{k}" if k < 60 else None for k in rng.integers(120, size=t)],
        "Embarked": rng.choice(["S", "C", "Q"], size=t),
    })  # fmt: skip
    return X, np.where((X["Sex"] == "female") ^ (rng.random(t) < 0.2), "yes", "no")


def housing(t: int = 300) -> Labelled:
    """A price by eight numbers of different size, one of them with gaps, and one category."""
    rng = np.random.default_rng(2)
    names = ["longitude", "latitude", "median_age", "rooms", "bedrooms", "population", "households", "income"]
    X = pd.DataFrame(rng.lognormal(size=(t, 8)) * [1, 1, 30, 2600, 500, 1400, 500, 3.8], columns=names)
    X["longitude"], X["latitude"] = -125.0 + X["longitude"], 32.0 + X["latitude"]
    X.loc[rng.choice(t, 9, replace=False), "bedrooms"] = np.nan
    X["ocean"] = rng.choice(["<1H OCEAN", "INLAND", "ISLAND", "NEAR BAY", "NEAR OCEAN"], size=t)
    return X, 1000.0 * (50.0 + 40.0 * X["income"].to_numpy() * (X["ocean"] != "INLAND") + rng.normal(size=t))


def digits() -> Labelled:
    """Ten classes by the grey levels of the pixels that vary."""
    X, y = load_digits(return_X_y=True)
    table = pd.DataFrame(X[:400], columns=[f"pixel_{k}" for k in range(64)])
    return table.loc[:, table.nunique() > 1], y[:400]


def diabetes() -> Labelled:
    """A number by ten numbers."""
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    return X, y.to_numpy()


TABLES: dict[str, Callable[[], Labelled]] = {
    "penguins": penguins, "titanic": titanic, "housing": housing, "digits": digits, "diabetes": diabetes,
}  # fmt: skip


def model_of(labelled: Labelled, **options: Any) -> TableModel:
    """A model with these options, fitted to a table in a few epochs."""
    X, y = labelled
    kind = NetworkRegressor if y.dtype.kind == "f" else NetworkClassifier
    return kind(**options, epochs=5, random_state=0, max_levels=40).fit(X, y).model_


@cache
def fitted(name: str) -> TableModel:
    """A model of two small networks, fitted to a table."""
    return model_of(TABLES[name](), hidden_layer_sizes=(16, 8), n_networks=2)
