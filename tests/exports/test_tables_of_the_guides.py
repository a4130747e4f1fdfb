"""Tables as the guides have them, exported to every target and proved there."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn")

from support.exports.checkers import IS_INSTALLED

import chainrule as cr
from benchmarks.exports.databases import agreements
from benchmarks.exports.tables import TABLES, fitted
from chainrule.exports.targets import TARGETS
from chainrule.exports.targets.sql.target import SqlTarget
from chainrule.tables.model import TableModel


@pytest.fixture(scope="module", params=TABLES)
def model(request: pytest.FixtureRequest) -> TableModel:
    """A small model of a table."""
    return fitted(request.param)


def test_a_table_is_proved_in_every_target(model: TableModel, tmp_path: Path) -> None:
    """ONNX Runtime, a C compiler, Node.js, DuckDB and Python, as far as they are there, compute what the model does."""
    for suffix in TARGETS:
        proof = cr.export(model, tmp_path / f"m{suffix}")
        assert proof.is_proved == bool(IS_INSTALLED.get(suffix, True)), proof
        assert 64 <= proof.rows <= 256
        assert proof.deviation <= proof.bound


def test_databases_agree(model: TableModel, tmp_path: Path) -> None:
    """The same query gives the values and labels of the model in DuckDB, SQLite and PostgreSQL, if they are there."""
    path = tmp_path / "m.sql"
    cr.export(model, path)
    for found in agreements(path, SqlTarget().vectors(path)):
        assert found.deviation <= found.bound
        assert found.wrong_labels == 0
