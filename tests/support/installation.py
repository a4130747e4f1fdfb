"""The installed parts: HAS_CORE, the compiled core; HAS_TORCH, PyTorch. STRICT_PYTHON starts a strict process."""

import importlib.util
import sys

from chainrule.engines import native

HAS_CORE = native.native is not None
HAS_TORCH = importlib.util.find_spec("torch") is not None

# Warnings are errors, except the one with which "auto" takes the reference engine without the core.
STRICT_PYTHON = [sys.executable, "-W", "error", *([] if HAS_CORE else ["-W", "ignore:The native engine declines"])]
