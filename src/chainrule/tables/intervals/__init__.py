"""Intervals and quantiles of numbers: the range that a model predicts, beside its prediction."""
