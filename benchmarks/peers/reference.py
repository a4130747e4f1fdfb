"""Chainrule's reference engine, the definition: its results are what every timed result is checked by."""

from __future__ import annotations

from benchmarks.peers import chainrule_
from benchmarks.session import Session
from benchmarks.workloads import Workload


def session(workload: Workload, dtype: str) -> Session:
    """Ready to run the workload in plain NumPy."""
    return chainrule_.session(workload, dtype, engine="reference")
