"""``chainrule train``: trains networks on a table and saves them as a model."""

from chainrule.cli.train.command import train

__all__ = ["train"]
