"""PyTorch's modules as networks, and networks as modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.pytorch import pytorch

import chainrule as cr

torch = pytorch()
nn = torch.nn

MODULES: dict[str, Any] = {
    "relu": nn.ReLU(),
    "leaky_relu": nn.LeakyReLU(0.2),
    "prelu": nn.PReLU(),
    "elu": nn.ELU(0.7),
    "selu": nn.SELU(),
    "gelu": nn.GELU(),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "hardtanh": nn.Hardtanh(),
    "softmax": nn.Softmax(dim=1),
    "log_softmax": nn.LogSoftmax(dim=-1),
    "layer_norm": nn.LayerNorm(8),
    "nothing": nn.Identity(),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MODULES)
def test_a_chain_of_modules_is_a_network(name: str, dtype: str) -> None:
    """N(x) is what the modules compute, in their number type: to 1e-15, and to 1e-6 in float32."""
    torch.manual_seed(0)
    inner = nn.Sequential(nn.Linear(8, 3, bias=False), nn.Softmax(-1))
    module = nn.Sequential(nn.Flatten(), nn.Linear(5, 8), MODULES[name], nn.Dropout(0.25), inner)
    module = module.to(getattr(torch, dtype))
    net = cr.import_model(module)
    X = np.random.default_rng(0).normal(size=(9, 5)).astype(dtype)
    with torch.no_grad():
        wanted = module.eval()(torch.from_numpy(X)).numpy()
    assert net.dtype == dtype
    assert [layer.dropout for layer in net.layers] == [0.25, 0.0]
    np.testing.assert_allclose(net(X), wanted, rtol=0, atol=1e-15 if dtype == "float64" else 1e-6)


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    hidden=st.sampled_from(["relu", "leaky_relu", "elu", "gelu", "mish", "layer_norm", "tanh", "softplus"]),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_there_and_back_is_the_same_network(sizes: list[int], hidden: str, dtype: type) -> None:
    """`to_torch` and `import_model` keep every number and every σ."""
    net = cr.Network.dense(sizes, hidden=hidden, dropout=0.5, dtype=dtype)
    back = cr.import_model(cr.to_torch(net))
    np.testing.assert_array_equal(back.theta, net.theta)
    assert (back.dtype, [L.dropout for L in back.layers]) == (net.dtype, [L.dropout for L in net.layers])
    if min(sizes[1:]) > 1:  # a layer_norm of one unit is 0, as other functions are
        assert list(back.sigma) == list(net.sigma)


def test_a_block_diagonal_matrix_becomes_a_full_one() -> None:
    """The module computes what the network does."""
    net = cr.Network(
        [cr.Layer(cr.Diagonal([1.0, 2.0]), [0.5, 0.0], "tanh"), cr.Layer([[1.0, -1.0]], [0.0], "identity")]
    )
    computed = cr.to_torch(net)(torch.tensor([[1.0, 3.0]], dtype=torch.float64)).item()
    assert computed == pytest.approx(net([1.0, 3.0])[0], rel=1e-15)


def test_half_precision_becomes_float32() -> None:
    """bfloat16 and float16 have exact values in float32."""
    module = nn.Linear(2, 3).to(torch.bfloat16)
    net = cr.import_model(module)
    assert net.dtype == np.float32
    np.testing.assert_array_equal(net.W[1], module.weight.detach().float().numpy())


def test_the_mode_of_a_module_stays() -> None:
    """A module in training is still in training afterwards."""
    module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).train()
    cr.import_model(module)
    assert module[1].training


REFUSED: dict[str, tuple[Any, str]] = {
    "convolution": (
        nn.Sequential(nn.Conv1d(1, 1, 1)),
        "0 Conv1d cannot be read: it stands before the first affine map",
    ),
    "batch_norm": (
        nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.BatchNorm1d(3))),
        "1.0 BatchNorm1d cannot be read: it is none of the activations",
    ),
    "relu6": (nn.Sequential(nn.Linear(2, 3), nn.ReLU6()), "1 ReLU6 cannot be read: it is none of the activations"),
    "two_activations": (nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Tanh()), "2 Tanh .* must follow an affine map"),
    "dropout_first": (nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 1)), "0 Dropout .* must follow a layer"),
    "dropout_last": (nn.Sequential(nn.Linear(2, 1), nn.Dropout(0.5)), "output layer, and has dropout"),
    "fails": (nn.Sequential(nn.Linear(2, 3), nn.Bilinear(3, 3, 3)), "1 Bilinear .* does not map rows of 3 numbers"),
    "nothing": (nn.Sequential(), "must have an affine map"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_modules_are_refused_by_name(name: str) -> None:
    """The error names the module by its key and type, and the reason."""
    module, words = REFUSED[name]
    with pytest.raises(cr.InputError, match=words):
        cr.import_model(module)


def test_networks_that_pytorch_has_no_modules_for() -> None:
    """A σ without a module, a schedule of dropout and another object are refused."""
    with pytest.raises(cr.InputError, match=r"σ\[1\] is sine"):
        cr.to_torch(cr.Network.dense([2, 3, 1], hidden="sine"))
    with pytest.raises(cr.InputError, match="layer 1 has Cosine"):
        cr.to_torch(cr.Network.dense([2, 3, 1], dropout=cr.Cosine(0.5)))
    with pytest.raises(cr.InputError, match=r"must be a cr\.Network"):
        cr.to_torch(3)  # type: ignore[arg-type]
