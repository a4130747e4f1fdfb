"""Models in other languages and formats, each with a proof that it computes the same."""

from chainrule.exports.export import export, verify
from chainrule.exports.proof import Proof

__all__ = ["Proof", "export", "verify"]
