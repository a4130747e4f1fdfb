"""A saved encoder encodes as before; damaged parts are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.estimators.frames import ANY_WARNING, frame

from chainrule.errors import FileFormatError
from chainrule.tables.encoding.categories.levels import OneHot, Sign
from chainrule.tables.encoding.encoder import TableEncoder


@ANY_WARNING
@pytest.mark.parametrize("numbers", ["robust", "standard", "none"])
def test_saved_and_read(numbers: Any) -> None:
    """An encoder restored from JSON and tensors has bitwise the same features and the same description."""
    X = frame().assign(same=1, long=[str(k % 7) for k in range(60)])
    encoder = TableEncoder(numbers, max_levels=4, dtype="float32").fit(X)
    header, tensors = encoder.parts()
    assert all(name.startswith("encoder.") for name in tensors)
    again = TableEncoder.from_parts(json.loads(json.dumps(header, allow_nan=False)), tensors)
    assert np.array_equal(again.transform(X), encoder.transform(X))
    assert again.transform(X).dtype == np.float32
    assert repr(again) == repr(encoder)
    assert again.describe() == encoder.describe()
    assert again.dropped_ == {"same": "constant in the training rows"}


DAMAGE: list[Callable[[dict[str, Any], dict[str, Any]], object]] = [
    lambda h, x: h.pop("columns"),
    lambda h, x: h["columns"].append(["n", "numbers", "", ""]),
    lambda h, x: h["columns"].append(["z", "colours", "", ""]),
    lambda h, x: h["columns"].append(["z", "categories", "", ""]),
    lambda h, x: h["columns"].append(["z", 5, "", ""]),
    lambda h, x: h["columns"].append("z"),
    lambda h, x: h.update(numbers="rough"),
    lambda h, x: h.update(dtype="int8"),
    lambda h, x: h["clip"].update(limit=-1.0),
    lambda h, x: h["clip"].update(kind="soft"),
    lambda h, x: h.update(clip=3.0),
    lambda h, x: h.update(named=1),
    lambda h, x: h["categories"].pop(),
    lambda h, x: h["categories"][0].update(levels=[]),
    lambda h, x: h["categories"][0].update(levels=["a", 1]),
    lambda h, x: h["categories"][0].update(levels=[["a"], "b"]),
    lambda h, x: h["categories"][0].update(levels=["a", "a"]),
    lambda h, x: h["categories"][0].update(kind="sign"),
    lambda h, x: h["categories"][0].update(kind="embedding"),
    lambda h, x: x.pop("encoder.center"),
    lambda h, x: x.update({"encoder.center": np.ones(3)}),
    lambda h, x: x.update({"encoder.factor": x["encoder.factor"] * np.nan}),
    lambda h, x: x.update({"encoder.used": x["encoder.used"] + 9}),
    lambda h, x: x.update({"encoder.used": x["encoder.used"][::-1]}),
    lambda h, x: x.update({"encoder.gaps": np.array([0.5])}),
]


@pytest.mark.parametrize("damage", range(len(DAMAGE)))
def test_damaged_parts_are_refused(damage: int) -> None:
    """Parts that do not make up one encoder are refused, whichever part is damaged."""
    header, tensors = TableEncoder().fit(frame()).parts()
    header = json.loads(json.dumps(header))
    DAMAGE[damage](header, tensors)
    with pytest.raises(FileFormatError, match="does not describe a complete encoder"):
        TableEncoder.from_parts(header, tensors)


def test_steps_are_values() -> None:
    """The steps of categories are frozen values that can be compared."""
    assert Sign(("a", "b")) == Sign(("a", "b")) != Sign(("a", "c"))
    assert OneHot((1, 2, 3)).suffixes == ("_1", "_2", "_3")
