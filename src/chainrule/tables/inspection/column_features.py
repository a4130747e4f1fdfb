"""The encoded features of each column of a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from chainrule.tables.encoding.encoder import TableEncoder
from chainrule.tables.encoding.numeric_columns import owners


def column_features(encoder: TableEncoder) -> dict[str, NDArray[np.intp]]:
    """Returns the numbers of the features that each column in use is encoded as, in the order of the table.

    >>> encoder = TableEncoder().fit([[1.0, "red"], [2.0, "blue"], [None, "green"], [4.0, "red"]])
    >>> {name: features.tolist() for name, features in column_features(encoder).items()}
    {'x0': [0, 1], 'x1': [2, 3, 4]}
    """
    of = owners(encoder.features_)
    owner = of[np.concatenate([encoder.used_, encoder.indicator_.of, encoder.few_values_.of]).astype(np.intp)]
    place = {feature.name: k for k, feature in enumerate(encoder.features_)} if encoder.categories_ else {}
    of_categories = [np.full(step.width, place[name]) for name, step in encoder.categories_.items()]
    owner = np.concatenate([owner, *of_categories]).astype(np.intp)
    order = np.argsort(owner, kind="stable")
    columns, starts = np.unique(owner[order], return_index=True)
    names = encoder.names_
    return {names[k]: part for k, part in zip(columns.tolist(), np.split(order, starts[1:]), strict=True)}
