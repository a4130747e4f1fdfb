"""What all tests share."""

from __future__ import annotations

import pytest

from chainrule.engines import MODULES


@pytest.fixture(params=sorted(MODULES))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each engine in turn: what holds for one holds for all."""
    name: str = request.param
    return name
