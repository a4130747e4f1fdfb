"""Recompute the polynomial coefficients of src/kernels/math/{exp,log,erf,trig}.hpp (needs mpmath; not in the build).

Method: Remez exchange in 50-digit arithmetic for min over c of max over x of |Σ c_j φ_j(x) − g(x)| · weight(x),
with weight 1/|the function sought|, so that the error is relative. Coefficients are
rounded to the working precision; c_0 before the others are fitted, if that reduces the error.

    python native/tools/minimax.py [name …]
"""

import sys
from collections.abc import Callable

import mpmath as mp
from mpmath import mpf

mp.mp.dps = 50
Real = Callable[[mpf], mpf]


def remez(g: Real, powers: list[int], weight: Real, low: mpf, high: mpf) -> tuple[list[mpf], mpf]:
    """Return c and the weighted error of the best approximation Σ c_j x^powers[j] of g on [low, high]."""
    n = len(powers) + 1
    nodes = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / (n - 1)) for k in range(n)]
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / (24 * n)) for k in range(24 * n + 1)]
    values = [(x, g(x), weight(x)) for x in grid]
    for _ in range(40):
        matrix = mp.matrix(n, n)
        right = mp.matrix(n, 1)
        for row, x in enumerate(nodes):
            for column, power in enumerate(powers):
                matrix[row, column] = x**power
            matrix[row, n - 1] = (-1) ** row / weight(x)
            right[row] = g(x)
        solution = mp.lu_solve(matrix, right)
        c, level = list(solution[: n - 1]), abs(solution[n - 1])
        errors = [(x, w * (mp.fsum(a * x**p for a, p in zip(c, powers, strict=True)) - y)) for x, y, w in values]
        # the extremum of each interval of one sign; the smaller end is dropped while there are too many
        extrema: list[tuple[mpf, mpf]] = []
        for x, e in errors:
            if extrema and (e > 0) == (extrema[-1][1] > 0):
                if abs(e) > abs(extrema[-1][1]):
                    extrema[-1] = (x, e)
            else:
                extrema.append((x, e))
        while len(extrema) > n:
            extrema.pop(0 if abs(extrema[0][1]) < abs(extrema[-1][1]) else -1)
        worst = max(abs(e) for _, e in errors)
        if len(extrema) < n or worst < level * mpf("1.01"):
            return c, worst
        nodes = [x for x, _ in extrema]
    return c, worst


def rounded(x: mpf, bits: int) -> mpf:
    """Round x to the nearest number of `bits` bits."""
    with mp.workprec(bits):
        return +x


def fit(g: Real, degree: int, weight: Real, low: mpf, high: mpf, bits: int) -> list[mpf]:
    """Return the coefficients rounded to `bits` bits. If low > 0, c_0 is rounded before the others are fitted."""
    c, error = remez(g, list(range(degree + 1)), weight, low, high)
    if low > 0:
        first = rounded(c[0], bits)
        others, error = remez(lambda x: g(x) - first, list(range(1, degree + 1)), weight, low, high)
        c = [first, *others]
    print(f"    // relative error 2^{float(mp.log(error, 2)):.1f}")
    return [rounded(a, bits) for a in c]


def show(name: str, c: list[mpf], bits: int) -> None:
    """Print the coefficients as C++ literals."""
    suffix = "f" if bits == 24 else ""
    print(f"{name}:\n    " + ", ".join(float(a).hex() + suffix for a in c))


def series(g: Real, coefficients: Callable[[int], mpf]) -> Real:
    """Return g, replaced near 0, where it cancels, by its power series Σ coefficients(k) x^k."""
    return lambda x: mp.fsum(coefficients(k) * x**k for k in range(60)) if abs(x) < mpf("0.05") else g(x)


def exp(bits: int) -> None:
    """Print q with eʳ = 1 + r + r² q(r), |r| ≤ ln 2 / 2; error relative to eʳ − 1."""
    a = mp.log(2) / 2 * mpf("1.0005")  # an asymmetric grid avoids r = 0, where the weight vanishes
    g = series(lambda r: (mp.exp(r) - 1 - r) / r**2, lambda k: 1 / mp.factorial(k + 2))
    weight = lambda r: r**2 / abs(mp.expm1(r)) if r else mpf(0)  # noqa: E731
    degree = 4 if bits == 24 else 9
    show("exp q", fit(g, degree, weight, -a, a * mpf("1.0001"), bits), bits)


def log(bits: int) -> None:
    """Print R with log((1+s)/(1−s)) = 2s + s³ R(s²), s² ≤ (3 − 2√2)²."""
    a = (3 - 2 * mp.sqrt(2)) ** 2 * mpf("1.001")
    g = series(lambda v: (2 * mp.atanh(mp.sqrt(v)) / mp.sqrt(v) - 2) / v, lambda k: mpf(2) / (2 * k + 3))
    degree = 2 if bits == 24 else 6
    show("log R", fit(g, degree, lambda v: v / 2, a / 500, a, bits), bits)


def log1p(bits: int) -> None:
    """Print R with log((1+s)/(1−s)) = 2s + s³ R(s²), s² ≤ 1/9, for log1p on [0, 1]."""
    g = series(lambda v: (2 * mp.atanh(mp.sqrt(v)) / mp.sqrt(v) - 2) / v, lambda k: mpf(2) / (2 * k + 3))
    degree = 3 if bits == 24 else 9
    a = mpf(1) / 9 * mpf("1.0001")
    weight = lambda v: v / 2 / (1 + v / 3)  # noqa: E731
    show("log1p R", fit(g, degree, weight, a / 500, a, bits), bits)


def sin(bits: int) -> None:
    """Print p with sin r = r + r³ p(r²), |r| ≤ π/2."""
    a = (mp.pi / 2 * mpf("1.01")) ** 2  # n may differ by one if x/π is nearly halfway
    g = series(lambda v: (mp.sin(mp.sqrt(v)) / mp.sqrt(v) - 1) / v, lambda k: (-1) ** (k + 1) / mp.factorial(2 * k + 3))
    weight = lambda v: v * mp.sqrt(v) / mp.sin(mp.sqrt(v)) if v else mpf(0)  # noqa: E731
    degree = 4 if bits == 24 else 8
    show("sin p", fit(g, degree, weight, a / 500, a, bits), bits)


def erf(bits: int) -> None:
    """Print p with erf x = x + x p(x²), |x| ≤ 1."""
    g = series(
        lambda v: mp.erf(mp.sqrt(v)) / mp.sqrt(v) - 1,
        lambda k: 2 / mp.sqrt(mp.pi) * (-1) ** k / (mp.factorial(k) * (2 * k + 1)) - (k == 0),
    )
    weight = lambda v: mp.sqrt(v) / mp.erf(mp.sqrt(v)) if v else mp.sqrt(mp.pi) / 2  # noqa: E731
    degree = 6 if bits == 24 else 11
    show("erf p", fit(g, degree, weight, mpf("0.002"), mpf("1.002"), bits), bits)


def erfcx(x: mpf) -> mpf:
    """Return e^(x²) erfc x."""
    return mp.exp(x * x) * mp.erfc(x)


def erfc(bits: int) -> None:
    """Print Q with erfc x = e^(−x²) w Q(u), w = 1/(x + K), u = 1 − 2K w, 0 ≤ x ≤ 30."""
    k, degree = (mpf("2.5"), 10) if bits == 24 else (mpf("3.75"), 22)
    g = lambda u: erfcx(2 * k / (1 - u) - k) * 2 * k / (1 - u)  # noqa: E731
    c = fit(g, degree, lambda u: 1 / g(u), mpf(-1), 1 - 2 * k / (30 + k), bits)
    show(f"erfc Q, K = {k}", c, bits)


if __name__ == "__main__":
    everything: dict[str, Callable[[int], None]] = {
        "exp": exp,
        "log": log,
        "log1p": log1p,
        "sin": sin,
        "erf": erf,
        "erfc": erfc,
    }
    for name in sys.argv[1:2] or everything:
        for bits in (24, 53):
            everything[name](bits)
