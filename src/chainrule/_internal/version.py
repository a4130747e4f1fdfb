"""The version of the package."""

__version__ = "0.1.0"  # a literal, which pyproject.toml reads: importlib.metadata would take a third of NumPy's time
