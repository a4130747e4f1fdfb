"""The diagnosis of a fitted estimator, and trials of the remedies."""
