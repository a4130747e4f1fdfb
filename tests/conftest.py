"""The fixtures and the settings that all tests share."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.installation import HAS_CORE, HAS_TORCH

from chainrule.engines import thread_counts
from chainrule.engines.choice import MODULES

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited from a shell that runs the suite in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No deadline: on a slow or busy machine Hypothesis would report a slow example as a failure.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")


@pytest.fixture(params=sorted(MODULES))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of each engine in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def as_many_threads_as_requested() -> Iterator[None]:
    """Lets a run use as many threads as it requests, however little work it has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thread_counts, "FLOP_PER_THREAD", 1e-9)
        yield


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    """A folder of an ordinary user, who runs the test in place of root: root has every permission."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
        else:
            os.chown(name, 65534, 65534)
            os.setresuid(65534, 65534, 0)
            try:
                yield Path(name)
            finally:
                os.setresuid(0, 0, 0)


# ---- an installation without the compiled core or PyTorch ------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Lets a suite without the core ignore the warning of "auto", and one without PyTorch modules that import it."""
    if not HAS_CORE:
        config.addinivalue_line("filterwarnings", "ignore:The native engine declines. its compiled core")
    if not HAS_TORCH:
        config.option.doctest_ignore_import_errors = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips the tests of an engine, by mark or parameter, where what it needs is not installed."""
    lacking = {
        "native": None if HAS_CORE else "needs the compiled core, chainrule._native, which is not installed",
        "torch": None if HAS_TORCH else "needs PyTorch, which is not installed",
    }
    for item in items:
        parameters = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        for engine, why in lacking.items():
            if why and (item.get_closest_marker(engine) or parameters.get("engine") == engine):
                item.add_marker(pytest.mark.skip(reason=why))
