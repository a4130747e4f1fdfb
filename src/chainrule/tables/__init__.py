"""Tables: encode rows as numbers, and decode predictions. Needs NumPy, and pyarrow for files; never scikit-learn."""

from chainrule.tables.diagnosis.diagnose import diagnose
from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.model import TableModel, load
from chainrule.tables.reading.read_table import read_table

__all__ = ["TableEncoder", "TableModel", "diagnose", "load", "read_table"]
