"""Programs in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys


def modules_after(code: str) -> set[str]:
    """Returns the top-level packages in ``sys.modules`` of a fresh interpreter that has run ``code``."""
    report = f"{code}\nimport sys; print(*{{name.partition('.')[0] for name in sys.modules}}, sep='\\n')"
    answer = subprocess.run([sys.executable, "-c", report], check=True, capture_output=True, text=True)
    return set(answer.stdout.split())
