"""Checks of a network that is passed as an argument."""

from __future__ import annotations

from chainrule._internal.checks import as_array, shown
from chainrule.errors import InputError
from chainrule.network.network import Network, require_writable


def check_network(net: object) -> Network:
    """Returns ``net`` if it is a network, and raises InputError otherwise."""
    if not isinstance(net, Network):
        raise InputError(f"net must be a cr.Network; got {shown(net)}.")
    return net


def check_trainable(net: object) -> Network:
    """Returns ``net`` if it is a network that can be trained, and raises InputError otherwise."""
    if (checked := check_network(net)).dtype.kind == "c":
        raise InputError(
            f"net must be float32 or float64 to be trained; got {checked.dtype}, which is for complex-step checks only."
        )
    as_array(checked.theta, "theta", checked.dtype)
    require_writable(checked)
    return checked
