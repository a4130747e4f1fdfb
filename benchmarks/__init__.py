"""Benchmarks of Chainrule: ``python -m benchmarks`` (speed), ``benchmarks.tables`` and ``benchmarks.mlp_pair``."""
