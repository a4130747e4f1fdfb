"""The sets of real data that models are compared on, in the order in which they are run and shown.

The data lie outside the repository, in the folder named by the environment variable CHAINRULE_DATA.
"""

from benchmarks.tables.sets.data_set import (
    VARIABLE,
    Array,
    DataSet,
    DataSplit,
    Table,
    TableTask,
    divided,
    folder,
    order_of_rows,
)
from benchmarks.tables.sets.mixed import MIXED
from benchmarks.tables.sets.mnist import MNIST
from benchmarks.tables.sets.pmlb import PMLB
from benchmarks.tables.sets.uci import UCI

CAP = 3000  # training rows of a set of PMLB, so that the whole table takes about an hour
SETS = {one.name: one for one in (*UCI, *PMLB, *MIXED, MNIST)}

__all__ = [
    "CAP",
    "SETS",
    "VARIABLE",
    "Array",
    "DataSet",
    "DataSplit",
    "Table",
    "TableTask",
    "divided",
    "folder",
    "order_of_rows",
]
