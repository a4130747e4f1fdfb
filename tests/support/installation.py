"""The installed package: HAS_CORE is True if it has the compiled core; STRICT_PYTHON starts a strict Python process."""

import sys

from chainrule.engines import native

HAS_CORE = native.native is not None

# Warnings are errors, except the one with which "auto" takes the reference engine without the core.
STRICT_PYTHON = [sys.executable, "-W", "error", *([] if HAS_CORE else ["-W", "ignore:The native engine declines"])]
