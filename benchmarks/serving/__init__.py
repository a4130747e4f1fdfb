"""`chainrule serve` beside a server of FastAPI and scikit-learn: ``python -m benchmarks.serving``."""
