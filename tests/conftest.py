"""What all tests share."""

from __future__ import annotations

import signal

import pytest

from chainrule.engines import MODULES

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited from a shell that runs the suite in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(params=sorted(MODULES))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each engine in turn: what holds for one holds for all."""
    name: str = request.param
    return name
