"""Small models to serve, and rows for them."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.tables.calibration import Calibration
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.model import TableModel
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels

ROW: dict[str, Any] = {"area": 90.0, "rooms": 3, "city": "Ulm", "garden": True}
ROWS: list[dict[str, Any]] = [
    ROW,
    {"area": 41.5, "rooms": None, "city": "Kobe", "garden": False},
    {"area": None, "rooms": 2, "city": "Lima", "garden": None},
    {"area": 120, "rooms": 5, "city": "unseen", "garden": True},
]


def _encoder() -> TableEncoder:
    return TableEncoder().fit(ROWS)


def _network(encoder: TableEncoder, m: int, output: str) -> cr.Network:
    return cr.Network.dense([encoder.n_features_out_, 4, m], output=output, seed=3)


def classes() -> TableModel:
    """A model of three classes."""
    encoder, labels = _encoder(), ClassLabels.fit(["cheap", "dear", "fair"])
    return TableModel(encoder, labels, (_network(encoder, 3, "softmax"),), Calibration(1.5), about={"column": "price"})


def number() -> TableModel:
    """A model of one number, with intervals."""
    encoder = _encoder()
    residuals = np.linspace(-1.0, 1.0, 39)[:, None]
    labels = NumericLabels.fit([100.0, 200.0, 350.0])
    return TableModel(encoder, labels, (_network(encoder, 1, "identity"),), residuals=residuals)


def labels() -> TableModel:
    """A model of two labels of different types."""
    encoder = _encoder()
    two = IndicatorLabels((ClassLabels.fit(["no", "yes"]), ClassLabels.fit([0, 1])), ("sold", "new"))
    return TableModel(encoder, two, (_network(encoder, 2, "sigmoid"),))


MODELS = {"classes": classes, "number": number, "labels": labels}
