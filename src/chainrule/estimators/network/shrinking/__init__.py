"""A small network that is trained on the outputs of a fitted estimator, and what it is compared with."""
