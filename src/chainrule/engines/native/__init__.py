"""The native engine, the default on CPUs: training, prediction and derivatives in compiled code (native/)."""

from chainrule.engines.native.core import native
from chainrule.engines.native.engine import ENGINE, NativeEngine

__all__ = ["ENGINE", "NativeEngine", "native"]
