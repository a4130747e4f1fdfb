"""The interface of a peer: an object that repeats a workload, each time from the same start."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray


class Session(Protocol):
    """A peer prepared for a workload: compiling and copying are done before the first run."""

    versions: dict[str, str]  # of the packages that compute
    note: str  # the engine or the number of threads

    def reset(self) -> None:
        """Restores θ₀; this is not timed."""

    def run(self) -> None:
        """Does the timed work, which is finished when this returns."""

    def result(self) -> NDArray[Any]:
        """Returns what the last run computed: θ (d,) of a training run, or the last prediction (rows, m)."""
