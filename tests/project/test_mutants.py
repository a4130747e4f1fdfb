"""The groups of mutation tests name files that exist, and their figures are counted as the table says."""

from __future__ import annotations

import tomllib

import pytest

from tools.mutants import GROUPS, ROOT, Report, added, main, settings

DIFF = "--- src/a.py\n+++ src/a.py\n@@ -1,2 +1,2 @@\n def f(x):\n-    return x < 0\n+    return x <= 0\n"


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_names_its_modules_and_tests(group: str) -> None:
    """Every module and test of a group exists, and the settings are a table that mutmut reads."""
    for module in GROUPS[group]["modules"]:
        assert list((ROOT / "src" / "chainrule").glob(module)), module
    for test in GROUPS[group]["tests"]:
        assert (ROOT / test).exists(), test
    assert tomllib.loads(settings(GROUPS[group]))["tool"]["mutmut"]["source_paths"] == ["src"]


def test_equivalent_mutants_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """The share is that of the mutants that change anything; the changes that are listed do not."""
    assert added(DIFF) == ["return x <= 0"]
    monkeypatch.setitem(GROUPS, "group", {})
    assert Report("group", 10, {"a": DIFF, "b": ""}).row() == "| group | 10 | 8 | 0 | 80.0 % |"
    monkeypatch.setitem(GROUPS, "group", {"equivalent": {"return x <= 0": "x is never 0"}})
    assert Report("group", 10, {"a": DIFF, "b": ""}).row() == "| group | 10 | 8 | 1 | 88.9 % |"
    assert Report("group", 10, {"a": DIFF, "b": ""}).survivors == {"b": ""}


def test_unknown_groups_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong name is an error that lists the known ones."""
    with pytest.raises(SystemExit):
        main(["coasts"])
    assert "there is no group coasts; known: calibration, conformal" in capsys.readouterr().err
