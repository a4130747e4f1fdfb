"""How well the default networks do on real tables beside their peers: ``python -m benchmarks.tables``."""
