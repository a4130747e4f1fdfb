"""How fast Chainrule is beside its peers, measured in one run, each timed result checked: ``python -m benchmarks``."""
