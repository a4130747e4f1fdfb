"""Pages of networks that were worked by hand: the lecture's case L16, and M. Mazur's published example."""

from __future__ import annotations

import re

import chainrule as cr


def square() -> cr.Activation:
    """σ(z) = z², σ′(z) = 2z: exact on small integers."""
    return cr.Activation(lambda z: z * z, lambda z: 2 * z, name="square")


def lines(page: object) -> list[str]:
    """The lines of a page, without the spaces around them."""
    return [line.strip() for line in str(page).splitlines()]


L16 = [
    "d = Σᵢ mᵢ (mᵢ₋₁ + 1) = 1 · (1 + 1) + 1 · (1 + 1) = 2 + 2 = 4",
    "a[0] = x = 2",
    "z[1] = W[1] a[0] + b[1] = 3 · 2 + (−5) = 1",
    "a[1] = σ[1](z[1]) = square(1) = 1",
    "z[2] = W[2] a[1] + b[2] = 2 · 1 + 1 = 3",
    "a[2] = σ[2](z[2]) = square(3) = 9",
    "J(θ) = ½ (a[2] − y)² = ½ (9 − 8)² = 0.5",
    "∂J/∂a[2] = a[2] − y = 9 − 8 = 1",
    "∂a[2]/∂z[2] = σ[2]′(z[2]) = square′(3) = 6",
    "δ[2] = ∂J/∂z[2] = ∂J/∂a[2] · ∂a[2]/∂z[2] = 1 · 6 = 6",
    "∂J/∂b[2] = δ[2] = 6",
    "∂J/∂W[2] = δ[2] a[1] = 6 · 1 = 6",
    "δ[1] = W[2] δ[2] σ[1]′(z[1]) = 2 · 6 · 2 = 24",
    "∂J/∂b[1] = δ[1] = 24",
    "∂J/∂W[1] = δ[1] a[0] = 24 · 2 = 48",
]


def test_L16_is_worked_with_the_lectures_letters() -> None:
    """r = 2, n = m = 1: the page has each step of L16, in letters, with the numbers, and with the result."""
    net = cr.Network([cr.Layer([[3.0]], [-5.0], square()), cr.Layer([[2.0]], [1.0], square())])
    for page in (net.explain([2.0], [8.0]), net.explain([2.0], [8.0], detail="scalar"), net.explain(2.0, 8.0)):
        assert [line for line in L16 if line not in lines(page)] == []


def test_L16_with_a_sigmoid_has_the_digits_of_the_decimals_worked_by_hand() -> None:
    """The decimals that test_L16_two_layers_by_hand_in_decimals has to fifteen digits are on the page, to nine."""
    net = cr.Network([cr.Layer([[0.8]], [-0.1], cr.tanh), cr.Layer([[-1.2]], [0.3], cr.sigmoid)])
    page = lines(net.explain([0.5], [0.7], learning_rate=10.0, digits=9))
    assert "a[1] = σ[1](z[1]) = tanh(0.3) = 0.291312612" in page
    assert "a[2] = σ[2](z[2]) = 1/(1 + e^(−(−0.0495751349))) = 0.487608754" in page
    assert "δ[1] = W[2] δ[2] σ[1]′(z[1]) = (−1.2) · (−0.0530652003) · 0.915136962 = 0.0582743114" in page
    assert "∂J/∂W[1] = δ[1] a[0] = 0.0582743114 · 0.5 = 0.0291371557" in page
    assert [line.split() for line in page if line.startswith("b[2]  ")] == [
        ["b[2]", "0.3", "−0.0530652003", "0.830652003"]
    ]


# The numbers of the worked step, as the article prints them; copies of it by others agree in each. Its last figures, J
# after one and after 10,000 steps, are those of a program that steps W[2] before it computes δ[1]: 0.291027924 and not
# 0.291027774.
MAZUR = {
    "z[1]₁": "0.3775",
    "a[1]₁": "0.593269992",
    "a[1]₂": "0.596884378",
    "z[2]₁": "1.105905967",
    "a[2]₁": "0.75136507",
    "a[2]₂": "0.772928465",
    "J(θ)": "0.298371109",
    "∂J/∂a[2]₁": "0.74136507",
    "∂a[2]₁/∂z[2]₁": "0.186815602",
    "∂J/∂W[2]₁₁": "0.082167041",
    "δ[2]₁": "0.138498562",
    "∂J/∂a[1]₁": "0.036350306",
    "∂a[1]₁/∂z[1]₁": "0.241300709",
    "∂J/∂W[1]₁₁": "0.000438568",
}
MAZUR_PARTS = ["0.274811083", "0.023560026", "0.055399425", "-0.019049118"]  # he prints …119 for the last, by a slip
MAZUR_STEP = {
    "W[2]₁₁": "0.35891648",
    "W[2]₁₂": "0.408666186",
    "W[2]₂₁": "0.511301270",
    "W[2]₂₂": "0.561370121",
    "W[1]₁₁": "0.149780716",
    "W[1]₁₂": "0.19956143",
    "W[1]₂₁": "0.24975114",
    "W[1]₂₂": "0.29950229",
}


def test_mazurs_example_has_every_digit_that_he_prints() -> None:
    """M. Mazur, A step by step backpropagation example, 2015: a 2-2-2 network of sigmoids, x = (0.05, 0.10)."""
    hidden = cr.Layer([[0.15, 0.20], [0.25, 0.30]], [0.35, 0.35], "sigmoid")
    output = cr.Layer([[0.40, 0.45], [0.50, 0.55]], [0.60, 0.60], "sigmoid")
    net = cr.Network([hidden, output])
    page = net.explain([0.05, 0.10], [0.01, 0.99], learning_rate=0.5, detail="scalar", digits=12)
    text = page.text(width=1000)
    for symbol, digits in MAZUR.items():
        (found,) = re.findall(rf"^  {re.escape(symbol)} = .* = (\S+)$", text, re.MULTILINE)
        assert f"{float(found):.{decimals(digits)}f}" == digits, symbol
    for symbol, digits in MAZUR_STEP.items():
        (found,) = re.findall(rf"^  {re.escape(symbol)} +\S+ +\S+ +(\S+)$", text, re.MULTILINE)
        assert f"{float(found):.{decimals(digits)}f}" == digits, symbol
    g = cr.gradient(net, "sum_of_squares", [0.05, 0.10], [0.01, 0.99], wrt_a=True)
    assert g.run is not None
    errors, through_a1 = (g.run.a[2] - [0.01, 0.99]) ** 2 / 2, net.W[2][:, 0] * g.delta[2]
    assert [f"{part:.9f}" for part in (*errors.ravel(), *through_a1.ravel())] == MAZUR_PARTS


def decimals(digits: str) -> int:
    """The number of digits after the point."""
    return len(digits.partition(".")[2])
