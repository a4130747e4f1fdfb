"""The data sets bundled with scikit-learn; their columns are known without its import, which takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.cli.errors import require_packages

if TYPE_CHECKING:
    from chainrule.tables.table import Table

TARGET = "target"
CELL = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
    "fractal dimension",
)  # fmt: skip
INPUTS: dict[str, tuple[str, ...]] = {
    "breast_cancer": (
        *(f"mean {name}" for name in CELL), *(f"{name} error" for name in CELL), *(f"worst {name}" for name in CELL),
    ),
    "diabetes": ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
    "digits": tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8)),
    "iris": ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"),
    "wine": (
        "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
        "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
    ),
}  # fmt: skip


def load(name: str) -> Table:
    """Loads a data set of scikit-learn, with the names of its classes as labels."""
    require_packages("sklearn")
    from sklearn import datasets

    from chainrule.tables.column_set import Columns, NumberBlock
    from chainrule.tables.reading.array_columns import as_column
    from chainrule.tables.table import Table

    data = getattr(datasets, f"load_{name}")()
    labels = getattr(data, "target_names", None)
    target = data.target if labels is None else np.asarray(labels)[data.target]
    names = INPUTS[name]
    columns = Columns.of([*names, TARGET], {TARGET: as_column(target)}, [(names, NumberBlock.of(data.data))])
    return Table(name, columns, target=TARGET)
