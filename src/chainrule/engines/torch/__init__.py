"""The engine torch: PyTorch on a CPU or a GPU. PyTorch is imported when the engine is first used."""

from chainrule.engines.torch.engine import ENGINE, Torch

__all__ = ["ENGINE", "Torch"]
