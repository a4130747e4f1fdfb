"""The answers of a run on a GPU: the engine torch beside the best of its peers, and several networks in a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PEERS = ("JAX", "PyTorch, autograd", "PyTorch, torch.compile")
UNKNOWN = "not measured"


def answers(lines: Sequence[Mapping[str, Any]], works: Sequence[str], precisions: Sequence[str]) -> dict[str, object]:
    """Returns the ratios of the times of a step, each with its peer; those that lack a line are not known.

    >>> lines = [{"work": "S", "what": "torch engine, 32 steps a graph, high", "median": 50.0},
    ...          {"work": "S", "what": "torch engine, 8 networks in a step, high", "median": 75.0},
    ...          {"work": "S", "what": "JAX, lax.scan, high", "median": 60.0},
    ...          {"work": "S", "what": "PyTorch, eager, high", "failed": "no memory"}]
    >>> for question, answer in answers(lines, ["S"], ["high"]).items():
    ...     print(question, answer)
    S, high: the fastest peer ÷ the engine torch 1.2 (JAX, lax.scan, high)
    S, high: eager ÷ the engine torch not measured
    S, high: 8 networks ÷ one 1.5
    """
    times = {(line["work"], line["what"]): float(line["median"]) for line in lines if "median" in line}
    found: dict[str, object] = {}
    for work in works:
        for precision in precisions:
            own = times.get((work, f"torch engine, 32 steps a graph, {precision}"))
            peers = {
                what: time
                for (of, what), time in times.items()
                if of == work and what.startswith(PEERS) and what.endswith(f", {precision}")
            }
            best = min(peers, key=peers.__getitem__, default="")
            ratio = f"{peers[best] / own:.3g} ({best})" if own and peers else UNKNOWN
            found[f"{work}, {precision}: the fastest peer ÷ the engine torch"] = ratio
            eager, eight = (
                times.get((work, f"{what}, {precision}"))
                for what in ("PyTorch, eager", "torch engine, 8 networks in a step")
            )
            found[f"{work}, {precision}: eager ÷ the engine torch"] = eager / own if own and eager else UNKNOWN
            if precision == "high":
                found[f"{work}, {precision}: 8 networks ÷ one"] = eight / own if own and eight else UNKNOWN
    return found
