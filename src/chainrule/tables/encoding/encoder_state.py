"""The state of a fitted encoder: the kind of each column, and the steps in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from chainrule._internal.at_first_use import cached_property
from chainrule.tables.columns import Feature
from chainrule.tables.encoding.categories.levels import OneHot, Sign
from chainrule.tables.encoding.categories.target_encoding import TargetEncoding
from chainrule.tables.encoding.number_features import NumberFeatures, left_out
from chainrule.tables.encoding.numeric_columns import owners
from chainrule.tables.encoding.numeric_steps import NumericSteps
from chainrule.tables.encoding.statistics.column_statistics import Scaling
from chainrule.tables.encoding.steps import FewValues, Fill, Indicator, Scale, SmoothClip
from chainrule.tables.text.notation import DecimalMark, Notation, Writing

CategoryStep = Sign | OneHot | TargetEncoding


class EncoderState:
    """Settings of a `TableEncoder`, and the attributes it learns from the training rows."""

    numbers: Scaling
    max_levels: int
    max_values: int
    dtype: Literal["float32", "float64"]
    decimal: DecimalMark | None
    thousands: str | None
    missing: Sequence[str]
    n_features_in_: int
    names_: Sequence[str]
    features_: Sequence[Feature]
    feature_names_in_: NDArray[np.object_]
    fill_: Fill
    scale_: Scale
    clip_: SmoothClip | None
    indicator_: Indicator
    few_values_: FewValues
    categories_: dict[str, CategoryStep]
    used_: NDArray[np.intp]
    notations_: dict[str, Notation]

    @property
    def n_numbers_(self) -> int:
        """Number of leading features that are numbers."""
        return len(self.used_)

    @property
    def n_features_out_(self) -> int:
        """n, the number of features that ``transform`` returns."""
        widths = sum(category.width for category in self.categories_.values())
        return self.n_numeric_features + widths

    @property
    def n_numeric_features(self) -> int:
        """Number of features before those of the categories."""
        return self.n_numbers_ + len(self.indicator_.of) + len(self.few_values_.of)

    @property
    def dropped_(self) -> dict[str, str]:
        """Reasons for the columns that are left out, by name."""
        features = self.features_
        return {features[k].name: reason for reason, columns in left_out(features).items() for k in columns.tolist()}

    @cached_property
    def _steps(self) -> NumericSteps:
        """The steps of the numbers, with what they prepare for sparse rows."""
        raw = len(owners(self.features_))
        return NumericSteps(raw, self.used_, self.fill_, self.scale_, self.clip_, self.indicator_, self.few_values_)

    def writing(self) -> Writing:
        """Returns the settings for texts. Raises InputError if they are wrong."""
        return Writing.of(self.decimal, self.thousands, self.missing)

    def needed(self) -> Mapping[str, None]:
        """Returns the columns in use, in order."""
        if isinstance(self.features_, NumberFeatures):
            return self.features_.in_use
        return {feature.name: None for feature in self.features_ if not feature.dropped}
