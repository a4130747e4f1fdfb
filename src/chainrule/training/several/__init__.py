"""The training of several networks at once, each whole on a thread of its own."""

from chainrule.training.several.each import Each
from chainrule.training.several.train_many import train_many

__all__ = ["Each", "train_many"]
