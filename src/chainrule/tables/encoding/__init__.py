"""From the columns of a table to x ∈ ℝⁿ: small frozen steps, fitted to the training rows."""
