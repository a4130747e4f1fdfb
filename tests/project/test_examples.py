"""examples/*.py run as they stand, without a warning, and come to the result they are there to show."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.installation import STRICT_PYTHON
from support.patience import LIMIT

FOLDER = Path(__file__).resolve().parents[2] / "examples"


def number(pattern: str, text: str) -> float:
    """The number that ``pattern`` captures in ``text``."""
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])


RESULTS: dict[str, Callable[[str], bool]] = {
    "by_hand.py": lambda text: "δ[2] = -0.147128   ∂J/∂W[2] = -0.110384" in text,
    "digits.py": lambda text: number(r"test accuracy ([\d.]+)", text) >= 0.95,
    "own_parts.py": lambda text: number(r"under the noise: ([\d.]+)", text) < 0.15,
}


def test_every_example_is_here() -> None:
    """Each file of the folder has a result below that it must come to."""
    assert {path.name for path in FOLDER.glob("*.py")} == set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_example_comes_to_its_result(name: str) -> None:
    """The example ends without an error or a warning and prints what it is there to show."""
    done = subprocess.run(
        [*STRICT_PYTHON, "-X", "utf8", str(FOLDER / name)],
        capture_output=True, text=True, encoding="utf-8", timeout=LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert RESULTS[name](done.stdout), done.stdout
