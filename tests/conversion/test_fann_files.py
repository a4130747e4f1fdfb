"""FANN's text files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import chainrule as cr

# 2-2-1 with a bias neuron in each layer; the hidden neurons have steepness 0.5 and 1, the output 0.25.
TEXT = """FANN_FLO_2.1
num_layers=3
learning_rate=0.700000
connection_rate=1.000000
network_type=0
layer_sizes=3 3 2 
scale_included=0
neurons (num_inputs, activation_function, activation_steepness)=(0, 0, 0.0e+00) (0, 0, 0.0e+00) (0, 0, 0.0e+00) \
(3, 5, 5.0e-01) (3, 5, 1.0e+00) (0, 5, 0.0e+00) (3, 3, 2.5e-01) (0, 3, 0.0e+00) 
connections (connected_to_neuron, weight)=(0, 1.0e+00) (1, -2.0e+00) (2, 4.0e+00) (0, 3.0e+00) (1, 1.0e+00) \
(2, -1.0e+00) (3, 2.0e+00) (4, -3.0e+00) (5, 1.0e+00) 
"""  # noqa: W291 - FANN writes a blank at the end of its lists


def read(folder: Path, text: str) -> cr.Network:
    """Returns the network of a file with this text."""
    path = folder / "xor.net"
    path.write_text(text, encoding="ascii")
    return cr.import_model(path)


def test_by_hand(tmp_path: Path) -> None:
    """With steepness s, FANN's symmetric sigmoid is tanh(s z), and its sigmoid is 1/(1 + e^(−2 s z))."""
    net = read(tmp_path, TEXT)
    x = np.array([0.3, -0.2])
    a = np.tanh([0.5 * (0.3 + 0.4 + 4.0), 1.0 * (0.9 - 0.2 - 1.0)])
    z = 2.0 * a[0] - 3.0 * a[1] + 1.0
    np.testing.assert_allclose(net(x), [1.0 / (1.0 + np.exp(-2.0 * 0.25 * z))], rtol=1e-15)
    assert [str(sigma) for sigma in net.sigma] == ["cr.tanh", "cr.sigmoid"]


def test_missing_connections_are_zeros(tmp_path: Path) -> None:
    """A sparse network of FANN has zeros in W."""
    text = TEXT.replace("(3, 5, 5.0e-01)", "(2, 5, 5.0e-01)").replace("(1, -2.0e+00) ", "")
    assert read(tmp_path, text).W[1][0].tolist() == [0.5, 0.0]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("network_type=0", "network_type=1", "shortcut connections"),
        ("(3, 5, 1.0e+00)", "(3, 3, 1.0e+00)", "layer 1 .* one of the activations"),
        ("(3, 3, 2.5e-01)", "(3, 1, 2.5e-01)", "layer 2 .* one of the activations"),
    ],
)
def test_other_networks_are_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Shortcuts, and activations that a layer (W, b, σ) has not."""
    with pytest.raises(cr.InputError, match=words):
        read(tmp_path, TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FANN_FLO_2.1", "FANN_FIX_2.1"),
        ("layer_sizes=3 3 2", "layer_sizes=3 3 3"),
        ("layer_sizes=3 3 2", "layers=3 3 2"),
        ("(5, 1.0e+00)", ""),
        ("(5, 1.0e+00)", "(1, 1.0e+00)"),
        ("(5, 1.0e+00)", "(7, 1.0e+00)"),
        ("(5, 1.0e+00)", "(5, one)"),
        ("(5, 1.0e+00)", "(5)"),
    ],
)
def test_damaged_files_are_errors(tmp_path: Path, old: str, new: str) -> None:
    """Every inconsistency is a FileFormatError."""
    with pytest.raises(cr.FileFormatError, match=r"xor\.net"):
        read(tmp_path, TEXT.replace(old, new))
