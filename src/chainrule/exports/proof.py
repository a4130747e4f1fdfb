"""The proof of an export: the exported file was run on its test vectors, and agreed within the derived bounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chainrule.errors import ChainruleError
from chainrule.exports.loss import Loss
from chainrule.exports.targets.target import CheckerMissing, Target
from chainrule.exports.vectors import Vectors


@dataclass(frozen=True)
class Proof:
    """The result of running an exported file on its test vectors.

    ``deviation`` and ``bound`` belong to the value that comes nearest to its bound; ``checker`` names the program that
    ran the file, and is "" if there was none, for the reason ``missing``. ``loss`` is what integer weights change, or
    None without them: the file is compared with the model of these weights.

    >>> print(Proof("price.py", 128, 2.2e-16, 3e-14, "Python", ""))
    price.py: 128 rows within their bounds; largest deviation 2.2e-16 (bound 3.0e-14), computed by Python.
    """

    path: str
    rows: int
    deviation: float
    bound: float
    checker: str
    missing: str
    loss: Loss | None = None

    @property
    def is_proved(self) -> bool:
        """True if the file was run."""
        return bool(self.checker)

    def __str__(self) -> str:
        loss = "" if self.loss is None else f"; {self.loss}"
        if not self.is_proved:
            return f"{self.path}: not proved here: {self.missing}{loss}."
        return (
            f"{self.path}: {self.rows} rows within their bounds; largest deviation {self.deviation:.1e} "
            f"(bound {self.bound:.1e}), computed by {self.checker}{loss}."
        )


def prove(target: Target, path: Path, vectors: Vectors, shown: str) -> Proof:
    """Runs the file at ``path``, which messages call ``shown``. Raises ChainruleError unless all its results agree."""
    try:
        outcome = target.run(path)
    except CheckerMissing as error:
        return Proof(shown, len(vectors.rows), 0.0, 0.0, "", str(error), vectors.loss)
    if outcome.values.shape != vectors.values.shape:
        raise ChainruleError(f"{shown} gives values of shape {outcome.values.shape}; expected {vectors.values.shape}.")
    deviation, bound = vectors.deviation(outcome.values)
    if not deviation <= bound:
        raise ChainruleError(f"{shown} deviates by {deviation:.2g} from the model, and the bound is {bound:.2g}.")
    if wrong := vectors.wrong_labels(outcome.labels or ()):
        raise ChainruleError(f"{shown} gives {wrong} of {len(vectors.rows)} labels wrong.")
    return Proof(shown, len(vectors.rows), deviation, bound, outcome.checker, "", vectors.loss)
