"""The catalogue of activations, by name."""

from __future__ import annotations

from chainrule._internal.checks import shown
from chainrule._internal.naming import resolve
from chainrule.activations import gated, piecewise, smooth, vector_valued
from chainrule.activations.sigma import Sigma
from chainrule.errors import InputError

ACTIVATIONS: dict[str, Sigma] = {
    sigma.name: sigma
    for module in (piecewise, smooth, gated, vector_valued)
    for sigma in vars(module).values()
    if isinstance(sigma, Sigma)
}


def get(sigma: str | Sigma) -> Sigma:
    """Returns the activation of that name, or the activation itself.

    >>> get("relu"), get("softmax")
    (cr.relu, cr.softmax)

    Raises UnknownName for a name outside the catalogue, InputError for anything that is not an activation.
    """
    if isinstance(sigma, Sigma):
        return sigma
    if isinstance(sigma, str):
        return resolve("activation", sigma, ACTIVATIONS)
    hint = " Make one from a function by cr.Activation(function, derivative)." if callable(sigma) else ""
    raise InputError(f"sigma must be an activation or the name of one; got {shown(sigma)}.{hint}")
