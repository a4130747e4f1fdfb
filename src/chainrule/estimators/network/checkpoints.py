"""Checkpoints of an estimator: a folder with one file for each of its networks."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from numbers import Integral
from typing import Any

from chainrule._internal.checks import shown
from chainrule.errors import InputError
from chainrule.training.checkpoint import Checkpoint

NAME = re.compile(r"network-\d+\.safetensors")


def checkpoint_folder(params: dict[str, Any]) -> Checkpoint | None:
    """Returns an estimator's ``checkpoint``, whose path is the folder, which is made if it is missing.

    Raises InputError for parameters that do not go with it, and if the folder holds checkpoints that are not resumed;
    OSError if it cannot be made.
    """
    given, resume, seed = params["checkpoint"], params["resume"], params["random_state"]
    if not isinstance(resume, bool):
        raise InputError(f"resume must be True or False; got {shown(resume)}.")
    if given is None:
        if resume:
            raise InputError("resume=True continues from the checkpoint; got checkpoint=None. Name its folder.")
        return None
    folder = Checkpoint.of(given)
    if not isinstance(seed, Integral) or isinstance(seed, bool):
        raise InputError(
            "checkpoint needs a random_state that is an integer, so that a resumed fit draws the same networks and "
            f"rows; got {shown(seed)}. Set random_state=0."
        )
    if params["time_limit"] is not None:
        raise InputError(
            f"checkpoint does not go with time_limit={shown(params['time_limit'])}: epochs would be planned by the "
            "speed of this fit, and not be the same in the next one. Set epochs instead."
        )
    if params["warm_start"]:
        raise InputError("checkpoint does not go with warm_start=True; use resume=True, which continues a fit too.")
    refuse_unless_resumed(folder.path, resume)
    os.makedirs(folder.path, exist_ok=True)
    return folder


def refuse_unless_resumed(folder: str | os.PathLike[str], resume: bool) -> int:
    """Returns the number of checkpoints in a folder. Raises InputError if there are some and they are not resumed."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    count = sum(NAME.fullmatch(name) is not None for name in map(os.fsdecode, names))
    if count and not resume:
        raise InputError(
            f"the folder {os.fsdecode(folder)} holds checkpoints of {count} networks. Resume their training "
            "(resume=True, or --resume), name another folder, or delete it."
        )
    return count


def of_network(folder: Checkpoint, number: int) -> Checkpoint:
    """Returns the checkpoint of a network, which counts from 0, in a folder: network-1.safetensors, …"""
    return replace(folder, path=os.path.join(os.fsdecode(folder.path), f"network-{number + 1}.safetensors"))
