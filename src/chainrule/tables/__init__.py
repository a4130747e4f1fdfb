"""Tables: a table in, numbers out, and back; NumPy and pyarrow alone, never scikit-learn."""

from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.model import TableModel, load

__all__ = ["TableEncoder", "TableModel", "load"]
