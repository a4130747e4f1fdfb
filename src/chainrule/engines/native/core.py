"""The compiled core, or None where it is not installed."""

from __future__ import annotations

try:
    from chainrule import _native as native
except ImportError:  # a pure-Python wheel, or a source tree
    native = None  # type: ignore[assignment]

__all__ = ["native"]
