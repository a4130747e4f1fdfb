"""Facts about the installed package: whether it has the compiled core, and how a strict Python process is started."""

import sys

from chainrule.engines import native

HAS_CORE = native._native is not None

# Warnings are errors, except that "auto" takes the reference engine where there is no core.
STRICT_PYTHON = [sys.executable, "-W", "error", *([] if HAS_CORE else ["-W", "ignore:The native engine declines"])]
