"""Tables: encode rows as numbers, and decode predictions. Needs NumPy, and pyarrow for files; never scikit-learn.

Each name is imported on first use, so that a module of this package can be imported without all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule._internal.at_first_use import imported

if TYPE_CHECKING:
    from chainrule.tables.calibration import Calibration
    from chainrule.tables.diagnosis.diagnose import diagnose
    from chainrule.tables.encoding.encoder import TableEncoder
    from chainrule.tables.model import TableModel, load
    from chainrule.tables.packing.pack import pack
    from chainrule.tables.reading.read_table import read_table

DEFINED_IN = {  # the module that defines each name
    "Calibration": "chainrule.tables.calibration",
    "TableEncoder": "chainrule.tables.encoding.encoder",
    "TableModel": "chainrule.tables.model",
    "diagnose": "chainrule.tables.diagnosis.diagnose",
    "load": "chainrule.tables.model",
    "pack": "chainrule.tables.packing.pack",
    "read_table": "chainrule.tables.reading.read_table",
}

__all__ = ["Calibration", "TableEncoder", "TableModel", "diagnose", "load", "pack", "read_table"]


def __getattr__(name: str) -> Any:
    return imported(__name__, name, DEFINED_IN)


def __dir__() -> list[str]:
    return sorted([*globals(), *DEFINED_IN])
