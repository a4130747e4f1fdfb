"""The fixture that lifts the lower limit of work per thread, for the tests of threads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chainrule.engines import thread_counts


@pytest.fixture(scope="module")
def as_many_threads_as_requested() -> Iterator[None]:
    """Lets a run use as many threads as it requests, however little work it has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(thread_counts, "FLOP_PER_THREAD", 1e-9)
        yield
