"""What a peer must offer: one object that does a workload again and again, always from the same start."""

from __future__ import annotations

from typing import Any, Protocol

from numpy.typing import NDArray


class Session(Protocol):
    """A peer with a workload in hand; everything that may be done beforehand (compiling, copying in) is done."""

    versions: dict[str, str]  # of the packages that do the work
    note: str  # how it runs: engine, threads

    def reset(self) -> None:
        """Back to θ₀; not timed."""

    def run(self) -> None:
        """The timed work, finished when this returns."""

    def result(self) -> NDArray[Any]:
        """What the last run computed: θ (d,) of a training run, the outputs (rows, m) of the last prediction."""
