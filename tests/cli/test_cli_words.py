"""Names of results, and numbers and times in words."""

from __future__ import annotations

import pytest

from chainrule._internal.durations import duration
from chainrule.cli.inputs.files import stem
from chainrule.cli.terminal import number


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("digits", "digits"),
        ("data/iris.csv", "iris"),
        ("a/b.csv.gz", "b"),
        ("sales.2023.csv", "sales.2023"),
        ("v1.2/sales.2024.CSV.GZ", "sales.2024"),
        ("a.csv.parquet", "a.csv"),
        ("x.npz", "x"),
        ("x.1.feather", "x.1"),
        ("x.1.tsv.zip", "x.1"),
        (".csv", "model"),
    ],
)
def test_names_of_results(source: str, name: str) -> None:
    """Files of results have the name of the source without its folder and the ending of a table."""
    assert stem(source) == name


def test_words_for_numbers() -> None:
    """Times and measures are written as people write them."""
    times = [duration(seconds) for seconds in (0.044, 9.94, 12.2, 125, 4810)]
    assert times == ["0.04 s", "9.9 s", "12 s", "2 min 05 s", "1 h 20 min"]
    assert [number(x) for x in (0.97777, 1.0, 55.785, 1e-5, 123456.0, 0.0)] == [
        "0.9778", "1.0000", "55.78", "1e-05", "123,456.0", "0",
    ]  # fmt: skip
