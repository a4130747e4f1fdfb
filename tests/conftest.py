"""What all tests share."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings
from support.installation import HAS_CORE

from chainrule.engines.choice import MODULES

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited from a shell that runs the suite in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

# An example may take any time: on a slow or busy machine Hypothesis would take it for a failure.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")


@pytest.fixture(params=sorted(MODULES))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each engine in turn: what holds for one holds for all."""
    name: str = request.param
    return name


# ---- an installation without the compiled core -----------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Without the core "auto" takes the reference engine and warns once; this warning alone is no error."""
    if not HAS_CORE:
        config.addinivalue_line("filterwarnings", "ignore:The native engine declines. its compiled core")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests that are marked ``native`` or have the native engine as parameter, where there is no core."""
    if HAS_CORE:
        return
    skip = pytest.mark.skip(reason="needs the compiled core, chainrule._native, which is not installed")
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if item.get_closest_marker("native") or parameters.get("engine") == "native":
            item.add_marker(skip)
