"""examples/*.py run unchanged, without a warning, and reach the results that they demonstrate."""

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


def test_every_example_has_an_expected_result() -> None:
    """Each file in examples/ has an expected result in this file."""
    assert {path.name for path in FOLDER.glob("*.py")} == set(RESULTS)


@pytest.mark.parametrize("name", RESULTS)
def test_each_example_reaches_its_result(name: str) -> None:
    """The example ends without an error or a warning and prints the expected result."""
    done = subprocess.run(
        [*STRICT_PYTHON, "-X", "utf8", str(FOLDER / name)],
        capture_output=True, text=True, encoding="utf-8", timeout=LIMIT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert RESULTS[name](done.stdout), done.stdout
