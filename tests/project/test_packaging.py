"""The version and the supported versions of Python are the same in every file that names them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import chainrule as cr

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_citation_names_this_version() -> None:
    """CITATION.cff names the version of the installed package."""
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.*)$", citation, re.MULTILINE) == [cr.__version__]


def test_every_supported_python_has_wheels() -> None:
    """The versions of Python in the classifiers are those that wheels are built for, from the oldest on."""
    prefix = "Programming Language :: Python :: 3."
    minors = [line.removeprefix(prefix) for line in SETTINGS["project"]["classifiers"] if line.startswith(prefix)]
    assert SETTINGS["tool"]["cibuildwheel"]["build"].split() == [f"cp3{minor}-*" for minor in minors]
    assert SETTINGS["project"]["requires-python"] == f">=3.{minors[0]}"
