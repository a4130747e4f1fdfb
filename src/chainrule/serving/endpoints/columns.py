"""The columns of a model, as schemas of JSON and as tensors."""

from __future__ import annotations

from typing import Any

from chainrule.tables.columns import Kind
from chainrule.tables.encoding.encoder_state import EncoderState

MOST_EXAMPLES = 20
TYPES: dict[Kind, tuple[str, str]] = {  # of JSON, and of the Open Inference Protocol; times are texts
    "numbers": ("number", "FP64"),
    "booleans": ("boolean", "BOOL"),
}
TEXT = ("string", "BYTES")


def tensor_type(encoder: EncoderState, name: str) -> str:
    """Returns the datatype of the tensor of a column."""
    return _types(encoder, name)[1]


def schema_of(encoder: EncoderState, name: str) -> dict[str, Any]:
    """Returns the schema of the values of a column; null is a missing value, and other categories are allowed."""
    kind, step = _kind(encoder, name), encoder.categories_.get(name)
    schema: dict[str, Any] = {"type": [_types(encoder, name)[0], "null"]}
    if kind == "datetimes":
        schema["format"] = "date-time"
    if kind == "durations":
        schema["description"] = "A time of day, or a duration as hours:minutes:seconds."
    if step is not None and kind != "booleans":
        schema["examples"] = list(step.levels[:MOST_EXAMPLES])
    return schema


def _types(encoder: EncoderState, name: str) -> tuple[str, str]:
    step = encoder.categories_.get(name)
    if _kind(encoder, name) == "categories" and step is not None and not step.are_texts:
        return TYPES["numbers"]
    return TYPES.get(_kind(encoder, name), TEXT)


def _kind(encoder: EncoderState, name: str) -> Kind:
    return next(feature.kind for feature in encoder.features_ if feature.name == name)
