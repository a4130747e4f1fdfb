"""Faults of the rows: copies, and too few of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from chainrule.diagnosis.finding import Finding
from chainrule.diagnosis.rows import COPIES, FEW_VALUES
from chainrule.tables.diagnosis.case import LabelledRows, TableCase


def missing_labels(case: TableCase) -> Iterator[Finding]:
    """Finds rows without a label, which are left out here, and which training would refuse."""
    if count := case.rows.unlabelled:
        yield Finding(
            "missing labels",
            f"{case.target!r} has no value in {count} rows, which were left out here.",
            "Fill in the labels, or remove the rows before you train.",
        )


def copies(case: TableCase) -> Iterator[Finding]:
    """Finds rows that occur again, in the held-out rows or in the same table, unless every column has few values."""
    if all(len(np.unique(x)) <= FEW_VALUES for x in case.rows.X.T):
        return
    known = _as_bytes(case.rows)
    if case.held_out is not None:
        share = float(np.isin(_as_bytes(case.held_out), known).mean())
        evidence = f"{100 * share:.3g} % of {case.held_out.t} held-out rows are among the {case.rows.t} others,"
    else:
        share = 1.0 - len(np.unique(known)) / len(known)
        evidence = f"{100 * share:.3g} % of {case.rows.t} rows repeat an earlier one,"
    if share > COPIES:
        yield Finding(
            "duplicated rows",
            f"{evidence} the target included: a random split puts copies on both sides, and the test measures memory.",
            "Remove the copies before you train; if they belong together, pass groups= to fit in Python.",
        )


def too_few_rows(case: TableCase) -> Iterator[Finding]:
    """Finds fewer training rows than features, unless these are many for a reason, as those of texts."""
    t, n = case.trained_rows, case.model.encoder.n_features_out_
    if t <= n and case.model.encoder.numbers != "joint":
        yield Finding(
            "not enough rows",
            f"the model was trained on {t} rows, whose columns become {n} features: a linear map alone fits them "
            "exactly.",
            "Add rows, or leave out columns that cannot matter: --drop COLUMN.",
        )


def _as_bytes(rows: LabelledRows) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Returns each encoded row with its label as one value (t,)."""
    labels = rows.labels.reshape(rows.t, -1).astype(np.float64)
    joined = np.ascontiguousarray(np.hstack([rows.X.astype(np.float64), labels]) + 0.0)  # −0.0 is 0.0
    return joined.view(np.dtype((np.void, joined.dtype.itemsize * joined.shape[1]))).reshape(-1)
