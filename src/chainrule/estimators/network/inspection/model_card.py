"""The model card: what a model is for, how it was made and measured, and where it ends, as facts."""

from __future__ import annotations

from typing import Any

from chainrule._internal.naming import listed
from chainrule._internal.version import __version__
from chainrule.estimators.cards.summary import sizes
from chainrule.estimators.network.inspection import words
from chainrule.tables.calibration import UNCALIBRATED, Calibrations
from chainrule.tables.diagnosis.case import LabelledRows
from chainrule.tables.intervals.quantile_labels import QuantileLabels
from chainrule.tables.target_decoder import ClassLabels, NumericLabels
from chainrule.tables.targets.indicator_labels import IndicatorLabels


def model_card(estimator: Any) -> list[tuple[str, str]]:
    """Returns the entries of the card, each with its name."""
    model, encoder = estimator.model_, estimator.encoder_
    about, target = model.about, model.target
    column = ", ".join(model.target_names) or "the target"
    source = f" of {about['source']}" if "source" in about and estimator._later is None else ""  # may be one of several
    if isinstance(target, ClassLabels):
        what = f"{column}: one of the {len(target)} classes {listed(target.values.tolist(), 10)}"
    elif isinstance(target, IndicatorLabels):
        what = f"{column}: {target.m} labels, of which a row has none, one or several"
    elif isinstance(target, QuantileLabels):
        what = f"{column}: {listed(target.output_names)}"
    else:
        what = f"{column}: a number" if target.m == 1 else f"{column}: {target.m} numbers"
    card = [
        ("Predicts", what),
        ("Trained on", f"{words.rows_in_words(estimator)}{source}"),
        ("Inputs", f"{encoder.n_features_in_} columns, encoded as {encoder.n_features_out_} features"),
    ]
    if left_out := words.left_out(estimator):
        card.append(("Left out", "; ".join(f"{name}: {reason}" for name, reason in left_out[:20])))
    card += [
        ("Networks", "; ".join(sizes(model.networks))),
        ("Recipe", " ".join(dict.fromkeys(words.recipe_in_words(recipe) for recipe in estimator.recipes_))),
        ("Epochs", words.training_in_words(estimator)),
    ]
    if not isinstance(target, NumericLabels):
        card.append(("Probabilities", _calibration(model.calibration)))
    elif isinstance(target, QuantileLabels):
        known = ", ".join(f"{c:g}" for c in target.coverages)
        card.append(("Intervals", f"between two quantiles, of coverage {known}" if known else "none"))
    elif model.residuals is not None:
        by_x = "" if model.spread is None else ", scaled by the spread at each row"
        card.append(("Intervals", f"from the residuals of {len(model.residuals):,} held-out rows{by_x}"))
    else:
        card.append(("Intervals", "none: no rows were held out"))
    card += [
        (
            "Limits",
            "The results hold for rows like these. A value outside the range of the training rows, and a category that "
            "did not occur in them, has no evidence behind its prediction. Importances and dependences describe the "
            "model, and are no causes.",
        ),
        ("Made by", f"Chainrule {__version__}, {type(estimator).__name__}(preset={estimator.preset!r})"),
    ]
    return card


def _calibration(calibration: Calibrations) -> str:
    if calibration == UNCALIBRATED:
        return "the mean outputs of the networks, without calibration"
    if isinstance(calibration, tuple):
        T = [one.temperature for one in calibration]
        count = sum(one.smoothing > 0.0 for one in calibration)
        taken = f"; smoothing is taken out of {count} of them" if count else ""
        return f"calibrated on held-out rows, each label with its temperature, {min(T):.3g} to {max(T):.3g}{taken}"
    taken = f", after a smoothing of {calibration.smoothing:.3g} is taken out" if calibration.smoothing else ""
    return f"calibrated on held-out rows, with the temperature {calibration.temperature:.3g}{taken}"


def measured_on(estimator: Any, rows: LabelledRows, is_held_out: bool) -> str:
    """Describes the rows on which a model was measured."""
    if not is_held_out:
        return f"{rows.t:,} rows that were given"
    if not any(estimator.kept_epochs_):
        return f"{rows.t:,} held-out rows of the last training"
    return (
        f"{rows.t:,} held-out rows. They have also chosen the epoch that each network keeps, so that new rows may have "
        "slightly larger errors"
    )
