"""The version and the supported versions of Python are the same in every file that names them."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest

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


@pytest.fixture
def wheel() -> importlib.metadata.Distribution:
    """The installed wheel; skips without one."""
    for distribution in importlib.metadata.distributions(name="chainrule"):
        if Path(str(distribution.locate_file("chainrule/__init__.py"))) == Path(cr.__file__):
            return distribution
    pytest.skip("the tests run on the source, without a wheel")


@pytest.mark.native
def test_the_wheel_holds_the_licences_of_what_it_links(wheel: importlib.metadata.Distribution) -> None:
    """An installed wheel with the compiled core has the notices of nanobind and robin_map beside Chainrule's own."""
    names = [str(path) for path in wheel.files or ()]
    for licence in ("LICENSE", "LICENSE.nanobind", "LICENSE.robin_map"):
        assert any(name.endswith(f".dist-info/licenses/{licence}") for name in names), licence


@pytest.mark.native
def test_the_wheel_says_what_it_links(wheel: importlib.metadata.Distribution) -> None:
    """The SBOM in a wheel with the compiled core names this version of Chainrule, nanobind and robin_map."""
    (sbom,) = [path for path in wheel.files or () if str(path).endswith(".dist-info/sboms/chainrule.cdx.json")]
    bom = json.loads(sbom.read_text(encoding="utf-8"))
    assert (bom["bomFormat"], bom["metadata"]["component"]["version"]) == ("CycloneDX", cr.__version__)
    purls = [component["purl"] for component in bom["components"]]
    assert re.fullmatch(r"pkg:pypi/nanobind@\d+\.\d+\.\d+ pkg:github/Tessil/robin-map@v\d+\.\d+\.\d+", " ".join(purls))
