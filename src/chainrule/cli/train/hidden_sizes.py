"""Sizes of layers as texts."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.cli.errors import WrongUsage


def parse_hidden_sizes(layers: str, option: str = "--layers") -> tuple[int, ...]:
    """Parses the sizes of the hidden layers, "64,32" or "none". Raises WrongUsage for anything else."""
    if layers.strip().lower() in ("", "none"):
        return ()
    try:
        sizes = tuple(int(size) for size in layers.split(","))
    except ValueError:
        sizes = (0,)
    if min(sizes) < 1:
        raise WrongUsage(f"{option}: give the sizes of the hidden layers, such as 64,32, or none; got {layers!r}.")
    return sizes


def format_sizes(sizes: Sequence[int]) -> str:
    """Formats layer sizes: 784-256-128-10."""
    return "-".join(map(str, sizes))
