"""The programs that run exports, as far as they are installed."""

from __future__ import annotations

import importlib.util
import shutil

IS_INSTALLED = {  # what runs a target
    ".c": shutil.which("cc"),
    ".mjs": shutil.which("node"),
    ".onnx": importlib.util.find_spec("onnx"),
    ".sql": importlib.util.find_spec("duckdb"),
}
