"""FANN's text format, version 2.1: layered networks whose layers are fully connected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from chainrule import activations
from chainrule._internal.checks import Array
from chainrule.activations import Sigma
from chainrule.errors import FileFormatError, InputError
from chainrule.network import Layer, Network

# The numbers of fann_activationfunc_enum that are a σ here, and the factor of s z: FANN's sigmoid is 1/(1 + e^(−2sz)).
SIGMAS: dict[int, tuple[Sigma, float]] = {
    0: (activations.identity, 1.0),
    3: (activations.sigmoid, 2.0),
    5: (activations.tanh, 1.0),
    7: (activations.gaussian, 1.0),
    11: (activations.softsign, 1.0),
    13: (activations.hard_tanh, 1.0),
    14: (activations.sine, 1.0),
}
PAIR = re.compile(r"\(([^()]*)\)")


def read_file(path: Path) -> Network:
    """Returns the network of a .net file that FANN has written."""
    text = path.read_text(encoding="latin-1")
    if not text.startswith("FANN_FLO_2."):
        raise FileFormatError(f"{path.name} must begin with FANN_FLO_2.0 or FANN_FLO_2.1, floating-point weights.")
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    try:
        sizes = [int(word) for word in fields["layer_sizes"].split()]
        neurons = _rows(fields["neurons (num_inputs, activation_function, activation_steepness)"])
        links = _rows(fields["connections (connected_to_neuron, weight)"])
        if fields.get("network_type", "0").strip() != "0":
            raise InputError(f"{path.name} must be a layered network; it has shortcut connections.")
        layers = _layers(sizes, neurons, links)
    except InputError:
        raise
    except (KeyError, IndexError, ValueError) as error:
        raise FileFormatError(f"{path.name} is damaged: {error}.") from None
    return Network(layers)


def _rows(text: str) -> list[list[float]]:
    return [[float(word) for word in found.split(",")] for found in PAIR.findall(text)]


def _layers(sizes: Sequence[int], neurons: list[list[float]], links: list[list[float]]) -> list[Layer]:
    """Returns the layers; the last neuron of each layer of FANN is its bias, always 1."""
    layers, first, used = list[Layer](), 0, sizes[0]
    if len(neurons) != sum(sizes):
        raise ValueError(f"{sum(sizes)} neurons expected, {len(neurons)} found")
    at = 0
    for i, (below, size) in enumerate(pairwise(sizes), 1):
        own = [neuron for neuron in neurons[used : used + size] if neuron[0]]  # a bias has no inputs
        Wb = np.zeros((len(own), below))
        for j, (inputs, _, _) in enumerate(own):
            part = np.array(links[at : at + int(inputs)])
            at += int(inputs)
            sources = part[:, 0].astype(int) - first
            if len(part) != inputs or sources.min() < 0 or sources.max() >= below:
                raise ValueError(f"a connection of layer {i} does not come from the layer below")
            Wb[j, sources] = part[:, 1]
        sigma, steepness = _sigma(own, i)
        layers.append(Layer(Wb[:, :-1] * steepness[:, None], Wb[:, -1] * steepness, sigma))
        first, used = used, used + size
    return layers


def _sigma(neurons: Sequence[Sequence[float]], i: int) -> tuple[Sigma, Array]:
    """Returns the σ of a layer, and for each neuron the factor of its z."""
    kinds = {int(kind) for _, kind, _ in neurons}
    if len(kinds) != 1 or (kind := kinds.pop()) not in SIGMAS:
        raise InputError(
            f"layer {i} of the FANN network must have one of the activations {sorted(SIGMAS)} of "
            f"fann_activationfunc_enum; got {sorted(kinds) or kind}."
        )
    sigma, factor = SIGMAS[kind]
    return sigma, factor * np.array([steepness for _, _, steepness in neurons])
