"""The memory of this machine."""

from __future__ import annotations

import os


def machine_memory() -> int | None:
    """Returns the memory of this machine in bytes, or None if the system does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # as on Windows
        return None
