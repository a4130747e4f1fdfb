"""Model files: networks and training states as safetensors with a versioned JSON header (docs/guide/files.md)."""

from chainrule.files.fields import field
from chainrule.files.network import load, network_from_parts, network_parts, save
from chainrule.files.safetensors import DTYPES, read, read_any, require_replaceable, write, write_bytes

__all__ = [
    "DTYPES",
    "field",
    "load",
    "network_from_parts",
    "network_parts",
    "read",
    "read_any",
    "require_replaceable",
    "save",
    "write",
    "write_bytes",
]
