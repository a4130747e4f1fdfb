"""Random cases without end, each with every promise that must hold: ``python -m fuzz --seconds 60``.

A harness is a module of ``fuzz.harnesses`` with a function ``check(rng: numpy.random.Generator) -> str``. It makes one
random case, asserts what is promised, and returns a word for the kind of outcome, such as "loaded" or "refused". Case k
of seed s draws from ``np.random.default_rng([s, k])``, so that ``python -m fuzz NAME --seed s --case k`` repeats it. A
case that raises, ends the process or lasts too long is a failure.
"""

import sys
from pathlib import Path

# tests/support has the bounds of rounding errors and the examples that harnesses share with the tests.
if (TESTS := str(Path(__file__).resolve().parents[1] / "tests")) not in sys.path:
    sys.path.append(TESTS)
