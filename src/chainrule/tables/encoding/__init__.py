"""Encoding the columns of a table as x ∈ ℝⁿ, by small frozen steps fitted to the training rows."""
