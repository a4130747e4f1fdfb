"""``chainrule train``: from a table to a saved model."""

from chainrule.cli.train.command import train

__all__ = ["train"]
