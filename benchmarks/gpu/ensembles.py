"""The fit of an estimator: networks of two kinds, each kind in one step."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.estimators import NetworkRegressor

FEATURES = 16


@dataclass(frozen=True)
class Fit:
    """The preset "default" on this many rows, for a fixed number of epochs."""

    rows: int
    epochs: int

    def seconds(self, engine: Any, networks: int) -> Mapping[str, object]:
        """Returns the seconds of a fit, the second one: the first loads libraries, and takes one epoch."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((self.rows, FEATURES), dtype=np.float32)
        y = X[:, 0] * X[:, 1] + np.abs(X[:, 2]) + 0.5 * rng.standard_normal(self.rows)
        for epochs in (1, self.epochs):
            model = NetworkRegressor(engine=engine, n_networks=networks, epochs=epochs, random_state=0)
            began = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on the epochs that are too few
                model.fit(X, y)
        return {"seconds": time.perf_counter() - began, "epochs": sum(h.epochs for h in model.histories_)}


ENSEMBLE, REHEARSED_ENSEMBLE = Fit(50_000, 16), Fit(600, 2)
