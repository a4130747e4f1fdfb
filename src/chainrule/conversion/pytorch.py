"""PyTorch: a chain of modules becomes a network, and a network a chain of modules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from chainrule._internal.checks import Array, shown
from chainrule.conversion.chain import Chain
from chainrule.errors import InputError, MissingExtra
from chainrule.network import Network

# Each σ of the catalogue that is a module of PyTorch: the module from torch.nn, our parameters, and m.
MODULES: dict[str, Callable[[Any, Mapping[str, float], int], Any]] = {
    "relu": lambda nn, own, m: nn.ReLU(),
    "leaky_relu": lambda nn, own, m: nn.LeakyReLU(own["slope"]),
    "elu": lambda nn, own, m: nn.ELU(own["alpha"]),
    "selu": lambda nn, own, m: nn.SELU(),
    "hard_tanh": lambda nn, own, m: nn.Hardtanh(),
    "sigmoid": lambda nn, own, m: nn.Sigmoid(),
    "tanh": lambda nn, own, m: nn.Tanh(),
    "softplus": lambda nn, own, m: nn.Softplus(),
    "softsign": lambda nn, own, m: nn.Softsign(),
    "gelu": lambda nn, own, m: nn.GELU(),
    "silu": lambda nn, own, m: nn.SiLU(),
    "mish": lambda nn, own, m: nn.Mish(),
    "softmax": lambda nn, own, m: nn.Softmax(-1),
    "log_softmax": lambda nn, own, m: nn.LogSoftmax(-1),
    "layer_norm": lambda nn, own, m: nn.LayerNorm(m, elementwise_affine=False),
}


def knows(model: Any) -> bool:
    """Returns True for a module of PyTorch, which is loaded if there is one."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.nn.Module)


def read(model: Any) -> Network:
    """Returns the network of a chain of modules; what is not Linear or Dropout must be a σ."""
    from torch import nn

    chain = Chain("the module")
    for name, module in _parts(model):
        part = f"{name} {type(module).__name__}".strip()
        if isinstance(module, nn.Linear):
            b = None if module.bias is None else _numbers(module.bias)
            chain.affine(_numbers(module.weight), b, part)
        elif isinstance(module, nn.Dropout):
            chain.dropout(module.p, part)
        elif not isinstance(module, (nn.Identity, nn.Flatten)):
            chain.sigma(partial(_values, module), part)
    return chain.network()


def _parts(model: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yields the modules in the order of the forward pass, which only a Sequential tells."""
    from torch import nn

    if isinstance(model, nn.Sequential):
        for key, module in model.named_children():
            yield from _parts(module, f"{name}.{key}".lstrip("."))
    else:
        yield name, model


def _numbers(tensor: Any) -> Array:
    """Returns a copy of a tensor, in float64 if it is one, and in float32 otherwise."""
    import torch

    kind = torch.float64 if tensor.dtype == torch.float64 else torch.float32
    return np.array(tensor.detach().to("cpu", kind).numpy())


def _values(module: Any, z: Array) -> Array:
    """Returns what a module computes in evaluation mode."""
    import torch

    was_training = module.training
    try:
        with torch.no_grad():
            return np.asarray(module.eval()(torch.from_numpy(z)))
    finally:
        module.train(was_training)


def to_torch(net: Network) -> Any:
    """Returns the network as ``torch.nn.Sequential`` of Linear, an activation, Dropout, in evaluation mode.

    Its parameters are copies of W[i] and b[i], in the number type of the network; a block-diagonal W becomes a full
    matrix. Call ``.train()`` before you train it, since dropout is active then.

    Raises InputError for a σ that PyTorch has no module for, or dropout by a schedule; MissingExtra without PyTorch.

    >>> import chainrule as cr
    >>> net = cr.Network.dense([2, 3, 1], hidden="mish", seed=0)
    >>> module = cr.to_torch(net)  # doctest: +SKIP
    >>> cr.import_model(module).theta.tolist() == net.theta.tolist()  # doctest: +SKIP
    True
    """
    if not isinstance(net, Network):
        raise InputError(f"net must be a cr.Network; got {shown(net)}.")
    try:
        import torch
    except ImportError:
        raise MissingExtra("cr.to_torch needs PyTorch; see pytorch.org for the command that installs it") from None
    modules: list[Any] = []
    for i, layer in enumerate(net.layers, 1):
        W, b = np.asarray(layer.W), np.asarray(layer.b)
        linear = torch.nn.Linear(layer.n, layer.m, dtype=torch.from_numpy(b).dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(np.array(W)))
            linear.bias.copy_(torch.from_numpy(np.array(b)))
        modules.append(linear)
        sigma = layer.sigma
        if sigma.builtin and sigma.name in MODULES:
            modules.append(MODULES[sigma.name](torch.nn, sigma.parameters, layer.m))
        elif not (sigma.builtin and sigma.name == "identity"):
            raise InputError(
                f"net must have activations that are modules of PyTorch: identity, {', '.join(MODULES)}; "
                f"σ[{i}] is {sigma.name}."
            )
        if layer.dropout:
            if not isinstance(layer.dropout, (int, float)):
                raise InputError(f"net must have constant dropout; layer {i} has {layer.dropout}. Give it a number.")
            modules.append(torch.nn.Dropout(layer.dropout))
    return torch.nn.Sequential(*modules).eval()
