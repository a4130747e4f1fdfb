"""Straight-line programs of the activations."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.activations.catalogue import ACTIVATIONS
from chainrule.exports.program import Program, Step, trace
from chainrule.exports.sigmas import program_of

OPERATIONS: dict[str, Callable[..., Any]] = {
    "neg": operator.neg, "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "tanh": np.tanh, "abs": np.abs,
    "less": operator.lt, "where": np.where,
}  # fmt: skip
ENTRYWISE = sorted(name for name, sigma in ACTIVATIONS.items() if isinstance(sigma, cr.Activation))
Z = np.concatenate([np.linspace(-40.0, 40.0, 4001), [-1e300, -700.0, 0.0, 700.0, 1e300]])


def run(program: Program, *inputs: Any) -> Any:
    """The result of a program."""
    results = list(inputs)

    def value(operand: Any) -> Any:
        return operand if isinstance(operand, float) else results[operand]

    for step in program.steps:
        results += [OPERATIONS[step.op](*map(value, step.operands))]
    return value(program.result)


def test_a_program_is_its_formula_step_by_step() -> None:
    """Each operator is one step, constants are floats, and a result that occurs twice is computed once."""
    program = trace(lambda z: (z * z + 1.0) / (z * z))
    assert program.steps == (Step("mul", (0, 0)), Step("add", (1, 1.0)), Step("div", (2, 1)))
    assert run(program, 2.0) == 1.25


@pytest.mark.parametrize("name", ENTRYWISE)
def test_every_activation_has_its_program(name: str) -> None:
    """Its values are σ(z) to 16 units in the last place of 1 + |σ(z)|, also where eᶻ overflows."""
    sigma = ACTIVATIONS[name]
    program = program_of(sigma)
    assert program is not None
    with np.errstate(all="ignore"):
        value, expected = run(program, Z), sigma(Z)
    is_finite = np.isfinite(expected)
    assert np.array_equal(value[~is_finite], expected[~is_finite])
    error = np.abs(value[is_finite] - expected[is_finite]) / (1.0 + np.abs(expected[is_finite]))
    assert error.max() <= 16 * 2.0**-53


@pytest.mark.parametrize("name", ["leaky_relu", "elu"])
def test_parameters_are_constants_of_the_program(name: str) -> None:
    """An activation with another parameter has another program."""
    sigma = ACTIVATIONS[name].with_parameters(**dict.fromkeys(ACTIVATIONS[name].parameters, 0.3))
    program = program_of(sigma)
    assert program is not None
    np.testing.assert_allclose(run(program, Z[:100]), sigma(Z[:100]), rtol=1e-15)


def test_a_parametric_activation_has_kappa_as_second_input() -> None:
    """σ_κ(z) = (1 − κ) z + κ σ(z)."""
    sigma = cr.Parametric("mish").with_kappa(np.array([0.0, 0.5, 2.0]))
    program = program_of(sigma)
    assert program is not None
    z = np.linspace(-3.0, 3.0, 12).reshape(4, 3)
    np.testing.assert_allclose(run(program, z, np.array([0.0, 0.5, 2.0])), sigma(z), rtol=1e-14)


def test_other_activations_have_none() -> None:
    """A vector-valued σ, and one's own, has no program."""
    assert program_of(cr.softmax) is None
    assert program_of(cr.Activation(np.sin, np.cos, name="mine")) is None
