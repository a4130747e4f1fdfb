"""Rules that draw the initial weights W (m, n) of a layer (Lecture, L12). Biases start at 0."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import numpy as np

from chainrule._internal.checks import Array, as_real, shown
from chainrule._internal.naming import resolve
from chainrule._internal.value import Value
from chainrule.errors import InputError


class Initial(Value, ABC):
    """A rule that draws W (m, n) for a layer with m outputs and n inputs.

    To define your own, override `draw` in a subclass.

    >>> import numpy as np
    >>> class Ones(Initial):
    ...     def draw(self, rng, m, n):
    ...         return np.ones((m, n))
    >>> Ones().draw(np.random.default_rng(0), 1, 2)
    array([[1., 1.]])

    Source: Lecture, L12 ("start from some θ").
    """

    @abstractmethod
    def draw(self, rng: np.random.Generator, m: int, n: int) -> Array:
        """Draws W (m, n) in float64 from the random stream rng."""


@dataclass(frozen=True, eq=False, repr=False)
class Zeros(Initial):
    """W = 0, the lecture's θ = 0. All units of a hidden layer would remain equal, so it suits r = 1.

    >>> import numpy as np
    >>> Zeros().draw(np.random.default_rng(0), 1, 2)
    array([[0., 0.]])

    Source: Lecture, L12.
    """

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Array:
        """Returns W = 0, (m, n)."""
        return np.zeros((m, n))


@dataclass(frozen=True, eq=False, repr=False)
class Normal(Initial):
    """Entries drawn from the normal distribution, wₖₗ ~ N(0, scale²).

    >>> import numpy as np
    >>> Normal(scale=0.5).draw(np.random.default_rng(0), 3, 2).shape
    (3, 2)

    Raises InputError unless the scale is positive and finite. Source: Lecture, L12 ("random"); the default 0.01 is
    that of Krizhevsky, Sutskever & Hinton 2012.
    """

    scale: float = 0.01

    def __post_init__(self) -> None:
        as_real(self.scale, "scale", 0, open_minimum=True)

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Array:
        """Draws W (m, n) with entries from N(0, scale²)."""
        return rng.normal(0.0, self.scale, size=(m, n))


@dataclass(frozen=True, eq=False, repr=False)
class Uniform(Initial):
    """Entries drawn from the uniform distribution, wₖₗ ~ U[−scale, scale).

    >>> import numpy as np
    >>> bool(abs(Uniform(scale=0.5).draw(np.random.default_rng(0), 3, 2)).max() <= 0.5)
    True

    Raises InputError unless the scale is positive and finite. Source: Lecture, L12 ("random"); small uniform values
    go back to Rumelhart, Hinton & Williams 1986.
    """

    scale: float = 0.1

    def __post_init__(self) -> None:
        as_real(self.scale, "scale", 0, open_minimum=True)

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Array:
        """Draws W (m, n) with entries from U[−scale, scale)."""
        return rng.uniform(-self.scale, self.scale, size=(m, n))


class _Scaled(Initial):
    """Entries of mean 0 and a variance that depends on the layer's sizes, normal or uniform (±√(3·variance))."""

    distribution: Literal["uniform", "normal"]

    def __post_init__(self) -> None:
        if self.distribution not in ("uniform", "normal"):
            raise InputError(f"distribution must be 'uniform' or 'normal'; got {shown(self.distribution)}.")

    @abstractmethod
    def variance(self, m: int, n: int) -> float:
        """Returns the variance of an entry of W (m, n)."""

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Array:
        """Draws W (m, n) with entries of mean 0 and variance `variance(m, n)`."""
        variance = self.variance(m, n)
        if self.distribution == "normal":
            return rng.normal(0.0, math.sqrt(variance), size=(m, n))
        limit = math.sqrt(3 * variance)
        return rng.uniform(-limit, limit, size=(m, n))


@dataclass(frozen=True, eq=False, repr=False)
class Glorot(_Scaled):
    """Variance 2/(m + n), so that neither a[i] nor δ[i] grows from layer to layer if σ is close to the identity.

    Uniform: wₖₗ ~ U[−√(6/(m + n)), √(6/(m + n))). Normal: wₖₗ ~ N(0, 2/(m + n)).

    >>> Glorot().variance(3, 5)
    0.25

    Raises InputError for another distribution. Source: Glorot & Bengio 2010, eq. 12 and 16.
    """

    distribution: Literal["uniform", "normal"] = "uniform"

    def variance(self, m: int, n: int) -> float:
        """Returns 2/(m + n)."""
        return 2 / (m + n)


@dataclass(frozen=True, eq=False, repr=False)
class He(_Scaled):
    """Variance 2/n, so that a[i] keeps its size through layers of ReLU, each of which halves the second moment.

    Normal: wₖₗ ~ N(0, 2/n). Uniform: wₖₗ ~ U[−√(6/n), √(6/n)).

    >>> He().variance(3, 8)
    0.25

    Raises InputError for another distribution. Source: He, Zhang, Ren & Sun 2015, eq. 10.
    """

    distribution: Literal["uniform", "normal"] = "normal"

    def variance(self, m: int, n: int) -> float:
        """Returns 2/n."""
        return 2 / n


@dataclass(frozen=True, eq=False, repr=False)
class LeCun(_Scaled):
    """Variance 1/n, so that z[i] has the variance of a[i−1]; with selu the fixed point of mean 0 and variance 1.

    Normal: wₖₗ ~ N(0, 1/n). Uniform: wₖₗ ~ U[−√(3/n), √(3/n)).

    >>> LeCun().variance(3, 4)
    0.25

    Raises InputError for another distribution. Source: LeCun, Bottou, Orr & Müller 1998, eq. 16;
    Klambauer et al. 2017 for selu.
    """

    distribution: Literal["uniform", "normal"] = "normal"

    def variance(self, m: int, n: int) -> float:
        """Returns 1/n."""
        return 1 / n


@dataclass(frozen=True, eq=False, repr=False)
class Orthogonal(Initial):
    """gain · Q, where Q has orthonormal columns (m ≥ n) or rows (m ≤ n) and is Haar distributed.

    Q comes from the QR decomposition of a normal matrix, with signs of its columns that make R's diagonal positive;
    without them Q would not be Haar distributed.

    >>> import numpy as np
    >>> Q = Orthogonal().draw(np.random.default_rng(0), 2, 3)
    >>> bool(np.allclose(Q @ Q.T, np.eye(2)))
    True

    Raises InputError unless the gain is positive and finite. Source: Saxe, McClelland & Ganguli 2014; Mezzadri 2007.
    """

    gain: float = 1.0

    def __post_init__(self) -> None:
        as_real(self.gain, "gain", 0, open_minimum=True)

    def draw(self, rng: np.random.Generator, m: int, n: int) -> Array:
        """Draws W (m, n) with WᵀW = gain²·I (m ≥ n) or WWᵀ = gain²·I (m ≤ n)."""
        Q, R = np.linalg.qr(rng.standard_normal((max(m, n), min(m, n))))
        Q = self.gain * Q * np.where(np.diag(R) < 0, -1.0, 1.0)
        return Q if m >= n else np.ascontiguousarray(Q.T)


INITIALS: dict[str, Initial] = {
    "zeros": Zeros(),
    "normal": Normal(),
    "uniform": Uniform(),
    "glorot": Glorot(),
    "he": He(),
    "lecun": LeCun(),
    "orthogonal": Orthogonal(),
}


def get(initial: str | Initial) -> Initial:
    """Returns the rule of that name with its defaults, or the object itself.

    >>> get("he")
    He()

    Raises UnknownName for a name outside `INITIALS`, InputError for anything that is not an `Initial`.
    """
    if isinstance(initial, Initial):
        return initial
    if isinstance(initial, str):
        return resolve("initial values", initial, INITIALS)
    raise InputError(
        f"initial must be an Initial, such as He(), or the name of one ({', '.join(INITIALS)}); got {shown(initial)}."
    )
