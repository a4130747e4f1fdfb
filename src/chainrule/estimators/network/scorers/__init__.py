"""Scorers of scikit-learn on the held-out rows of one network."""
