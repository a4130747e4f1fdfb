"""The lecture's chain rule on a page, with the numbers of any network: `Network.explain` (Lecture, L5 – L17)."""

from chainrule.explain.explain import definition_in_latex, explain
from chainrule.explain.explanation import Explanation

__all__ = ["Explanation", "definition_in_latex", "explain"]
