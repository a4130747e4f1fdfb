"""The version of the package."""

__version__ = "0.1.0"  # pyproject.toml reads this literal; importlib.metadata would take a third of NumPy's import time
