"""Networks of other libraries: `import_model` reads one, `to_torch` makes one for PyTorch."""

from __future__ import annotations

from chainrule.conversion.import_model import import_model
from chainrule.conversion.pytorch import to_torch

__all__ = ["import_model", "to_torch"]
