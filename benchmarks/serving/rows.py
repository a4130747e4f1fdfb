"""The table of the benchmark: six numbers with gaps, two categories, and a class; and requests with rows of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

NUMBERS, CATEGORIES = ("age", "income", "balance", "visits", "rating", "distance"), ("city", "plan")
CITIES, PLANS = ("Ulm", "Kobe", "Lima", "Oslo", "Graz"), ("basic", "plus", "pro")


def table(t: int, seed: int = 0) -> tuple[pd.DataFrame, Any]:
    """Returns t rows of eight columns, and their classes (t,)."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(t, len(NUMBERS))).round(3), columns=list(NUMBERS))
    X["city"], X["plan"] = rng.choice(CITIES, t), rng.choice(PLANS, t)
    score = X["age"] - X["income"] * X["rating"] + (X["city"] == "Kobe") + 0.3 * rng.normal(size=t)
    X.loc[rng.random(t) < 0.1, "balance"] = np.nan
    return X, np.where(score > 0.0, "yes", "no")


def request(path: str, rows: list[dict[str, Any]] | dict[str, Any]) -> bytes:
    """Returns a request of HTTP with rows as JSON."""
    body = json.dumps(rows).encode()
    head = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    return "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body


def rows_of(X: pd.DataFrame) -> list[dict[str, Any]]:
    """Returns rows as dicts, with None for gaps."""
    return [{str(name): None if v != v else v for name, v in row.items()} for row in X.to_dict("records")]
