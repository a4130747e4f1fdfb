"""Model files: networks and training states as safetensors with a versioned JSON header (docs/guide/files.md)."""

from chainrule.files.atomic import require_writable, write_bytes
from chainrule.files.checkpoint import SavedRun, read_run, write_checkpoint
from chainrule.files.fields import field
from chainrule.files.network import load, network_from_parts, network_parts, save
from chainrule.files.notation import parse, to_text
from chainrule.files.safetensors import DTYPES, of_other_kind, read, read_any, write

__all__ = [
    "DTYPES",
    "SavedRun",
    "field",
    "load",
    "network_from_parts",
    "network_parts",
    "of_other_kind",
    "parse",
    "read",
    "read_any",
    "read_run",
    "require_writable",
    "save",
    "to_text",
    "write",
    "write_bytes",
    "write_checkpoint",
]
