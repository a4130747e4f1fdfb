"""Names that other libraries give to costs, optimizers and activations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

import chainrule as cr
from chainrule._internal.naming import ELSEWHERE
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.costs import COSTS
from chainrule.optimizers import OPTIMIZERS

CATALOGUES: list[tuple[Mapping[str, object], Callable[[str], object]]] = [
    (COSTS, cr.costs.get),
    (OPTIMIZERS, cr.optimizers.get),
    (ACTIVATIONS, cr.activations.get),
]


@pytest.mark.parametrize(("elsewhere", "ours"), sorted(ELSEWHERE.items()))
def test_a_name_of_another_library_suggests_ours(elsewhere: str, ours: str) -> None:
    """The error names our name, which exists in one catalogue, where the other does not."""
    holding = [get for known, get in CATALOGUES if ours in known]
    assert len(holding) == 1
    assert not any(elsewhere in known for known, _ in CATALOGUES)
    for spelling in (elsewhere, elsewhere.upper()):
        with pytest.raises(cr.UnknownName, match=f"unknown [a-z]+ '{spelling}'; did you mean '{ours}'\\? Known: "):
            holding[0](spelling)
