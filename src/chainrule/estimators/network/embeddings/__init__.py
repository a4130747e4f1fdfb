"""Embeddings: layers that turn each number into four features, by sines or by pieces between its quantiles."""
